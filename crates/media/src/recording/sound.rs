//! The sound of a recording as samples.

use std::fs::File;

use super::decoder::{Decoder, ffmpeg};
use crate::ReadError;

/// Bytes of a sample.
const SAMPLE: usize = 4;
/// The seconds that are read at once.
const CHUNK_S: usize = 2;

/// The samples of a recording, in one channel or two.
pub struct Sound {
    ffmpeg: Decoder,
    channels: usize,
    bytes: Vec<u8>,
}

impl Sound {
    /// Begins to decode the first `seconds` into so many channels, with so many samples a second.
    pub fn open(file: &File, channels: usize, rate: u32, seconds: u32) -> Result<Self, ReadError> {
        let (ac, ar, t) = (channels.to_string(), rate.to_string(), seconds.to_string());
        let after =
            ["-vn", "-sn", "-dn", "-t", &t, "-ac", &ac, "-ar", &ar, "-f", "f32le", "pipe:1"];
        let ffmpeg = ffmpeg(file, &["-vn", "-sn", "-dn"], &after)?;
        let bytes = vec![0; CHUNK_S * rate as usize * channels * SAMPLE];
        Ok(Self { ffmpeg, channels, bytes })
    }

    /// The next two seconds, each channel for itself; `None` at the end. What cannot be decoded in the
    /// middle is left out.
    pub fn next(&mut self) -> Result<Option<Vec<Vec<f32>>>, ReadError> {
        let filled = self.ffmpeg.read(&mut self.bytes)?;
        let mut channels = vec![Vec::with_capacity(filled / SAMPLE / self.channels); self.channels];
        let (samples, _) = self.bytes[..filled].as_chunks::<SAMPLE>();
        for moment in samples.chunks_exact(self.channels) {
            for (channel, sample) in channels.iter_mut().zip(moment) {
                channel.push(f32::from_le_bytes(*sample));
            }
        }
        Ok((!channels[0].is_empty()).then_some(channels))
    }

    /// Ends decoding; what ffmpeg complained of, if it did not end well.
    pub fn finish(self) -> Result<(), String> {
        self.ffmpeg.finish()
    }
}
