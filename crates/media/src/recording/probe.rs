//! What a recording says of itself.

use std::{collections::BTreeMap, fs::File};

use atc_core::file::Fact;
use serde::Deserialize;

use super::decoder::ffprobe;
use crate::ReadError;

/// The most that `ffprobe` may say, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;
/// Sound has samples a second within these bounds; another number is a lie that would make a small file
/// hours long.
const SAMPLE_RATES: std::ops::RangeInclusive<u32> = 2_000..=768_000;
/// More channels than any microphone has.
const MAX_CHANNELS: u32 = 64;
/// The longest text of a tag, in characters.
const MAX_TAG: usize = 300;

/// What a recording is.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// The formats that it can be, as ffmpeg names them.
    pub format: String,
    /// Its length in seconds, if it tells.
    pub duration_s: Option<f64>,
    pub audio: Option<Audio>,
    pub video: Option<Video>,
    tags: BTreeMap<&'static str, String>,
}

/// Its sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    pub codec: String,
    pub sample_rate: u32,
    pub channels: u32,
}

/// Its pictures, turned as they are to be seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Video {
    pub codec: String,
    pub width: u32,
    pub height: u32,
    /// Pictures a second.
    pub frame_rate: Option<f64>,
}

/// Asks `ffprobe`.
pub fn probe(file: &File) -> Result<Probe, ReadError> {
    let ask = ["-of", "json", "-show_format", "-show_streams"];
    let mut ffprobe = ffprobe(file, &ask)?;
    let mut answer = vec![0; MAX_ANSWER];
    let length = ffprobe.read(&mut answer)?;
    if length == MAX_ANSWER {
        return Err(ReadError::refused("The recording holds too many streams."));
    }
    ffprobe.finish().map_err(|why| {
        ReadError::refused(format_args!("The file is not a recording that can be read: {why}."))
    })?;
    parse(&answer[..length])
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    streams: Vec<Stream>,
    format: Option<Format>,
}

#[derive(Deserialize)]
struct Format {
    #[serde(rename = "format_name", default)]
    name: String,
    duration: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Stream {
    codec_type: Option<String>,
    codec_name: Option<String>,
    sample_rate: Option<String>,
    channels: Option<u32>,
    width: Option<u32>,
    height: Option<u32>,
    avg_frame_rate: Option<String>,
    duration: Option<String>,
    #[serde(default)]
    disposition: BTreeMap<String, i64>,
    #[serde(default)]
    side_data_list: Vec<SideData>,
}

#[derive(Deserialize)]
struct SideData {
    rotation: Option<f64>,
}

fn parse(answer: &[u8]) -> Result<Probe, ReadError> {
    let refused = || ReadError::refused("The file is not a recording that can be read.");
    let answer: Answer = serde_json::from_slice(answer).map_err(|_| refused())?;
    let format = answer.format.ok_or_else(refused)?;
    let of = |kind: &str| {
        let kind = kind.to_owned();
        answer.streams.iter().find(move |s| s.codec_type.as_ref() == Some(&kind) && !s.is_cover())
    };
    let audio = of("audio").map(audio).transpose()?;
    let video = of("video").map(video).transpose()?;
    if audio.is_none() && video.is_none() {
        return Err(ReadError::refused("The file holds neither sound nor moving pictures."));
    }
    let durations = answer.streams.iter().map(|s| s.duration.as_ref());
    let duration_s = std::iter::once(format.duration.as_ref())
        .chain(durations)
        .flatten()
        .find_map(|text| text.parse().ok().filter(|&s: &f64| s.is_finite() && s > 0.0));
    Ok(Probe { format: format.name, duration_s, audio, video, tags: tags(format.tags) })
}

impl Stream {
    /// The picture on the cover of a song is no video.
    fn is_cover(&self) -> bool {
        self.disposition.get("attached_pic").is_some_and(|&is| is != 0)
    }
}

fn audio(stream: &Stream) -> Result<Audio, ReadError> {
    let codec = stream.codec_name.clone().unwrap_or_default();
    let rate = stream.sample_rate.as_deref().and_then(|text| text.parse().ok());
    let sample_rate = rate.filter(|rate| SAMPLE_RATES.contains(rate)).ok_or_else(|| {
        ReadError::refused(
            "The sound of the recording has an impossible number of samples a second.",
        )
    })?;
    let channels = stream.channels.filter(|n| (1..=MAX_CHANNELS).contains(n)).ok_or_else(|| {
        ReadError::refused("The sound of the recording has an impossible number of channels.")
    })?;
    Ok(Audio { codec, sample_rate, channels })
}

fn video(stream: &Stream) -> Result<Video, ReadError> {
    let sides = stream.width.zip(stream.height).filter(|&(w, h)| w > 0 && h > 0);
    let (mut width, mut height) =
        sides.ok_or_else(|| ReadError::refused("The pictures of the recording have no size."))?;
    let turned = stream.side_data_list.iter().find_map(|side| side.rotation).unwrap_or(0.0);
    if (turned.abs() % 180.0 - 90.0).abs() < 45.0 {
        (width, height) = (height, width);
    }
    let frame_rate = stream.avg_frame_rate.as_deref().and_then(fraction);
    Ok(Video { codec: stream.codec_name.clone().unwrap_or_default(), width, height, frame_rate })
}

/// A number such as `30000/1001`.
fn fraction(text: &str) -> Option<f64> {
    let (above, below) = text.split_once('/')?;
    let (above, below): (f64, f64) = (above.parse().ok()?, below.parse().ok()?);
    let number = above / below;
    (number.is_finite() && number > 0.0).then(|| (number * 1_000.0).round() / 1_000.0)
}

/// The tags that tell something of use; where it was recorded is not among them.
fn tags(all: BTreeMap<String, String>) -> BTreeMap<&'static str, String> {
    let mut kept = BTreeMap::new();
    for (name, value) in all {
        let name = match name.to_ascii_lowercase().as_str() {
            "title" => "title",
            "artist" | "author" => "author",
            "creation_time" => "created_at",
            _ => continue,
        };
        let value: String = value.chars().filter(|c| !c.is_control()).take(MAX_TAG).collect();
        if !value.trim().is_empty() {
            kept.insert(name, value);
        }
    }
    kept
}

impl Probe {
    /// What is told of it.
    pub fn facts(&self) -> BTreeMap<String, Fact> {
        let mut facts = BTreeMap::new();
        let mut add = |name: &str, fact: Fact| facts.insert(name.to_owned(), fact);
        add("format", Fact::Text(self.format.clone()));
        if let Some(seconds) = self.duration_s {
            add("duration_s", Fact::Number(seconds));
        }
        add("has_audio", Fact::Flag(self.audio.is_some()));
        add("has_video", Fact::Flag(self.video.is_some()));
        if let Some(audio) = &self.audio {
            add("audio_codec", audio.codec.clone().into());
            add("sample_rate", audio.sample_rate.into());
            add("channels", audio.channels.into());
        }
        if let Some(video) = &self.video {
            add("video_codec", video.codec.clone().into());
            add("width", video.width.into());
            add("height", video.height.into());
            if let Some(rate) = video.frame_rate {
                add("frame_rate", Fact::Number(rate));
            }
        }
        for (name, value) in &self.tags {
            add(name, value.clone().into());
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(streams: &str) -> Result<Probe, ReadError> {
        let format = r#"{"format_name": "mov,mp4", "duration": "12.5", "tags": {"Title": "Crash\u0007",
            "com.apple.quicktime.location.ISO6709": "+52.5+013.4/"}}"#;
        parse(format!(r#"{{"streams": [{streams}], "format": {format}}}"#).as_bytes())
    }

    const SOUND: &str =
        r#"{"codec_type": "audio", "codec_name": "aac", "sample_rate": "44100", "channels": 2}"#;

    #[test]
    fn facts_are_read() {
        let video = r#"{"codec_type": "video", "codec_name": "h264", "width": 1920, "height": 1080,
            "avg_frame_rate": "30000/1001", "side_data_list": [{}, {"rotation": -90}]}"#;
        let probe = of(&format!("{video}, {SOUND}")).unwrap();
        let facts = probe.facts();
        assert_eq!(facts["duration_s"], Fact::Number(12.5));
        assert_eq!((&facts["width"], &facts["height"]), (&1080.into(), &1920.into()));
        assert_eq!(facts["frame_rate"], Fact::Number(29.97));
        assert_eq!(facts["title"], "Crash".into());
        assert!(!format!("{facts:?}").contains("52.5"), "the place is not told");
    }

    #[test]
    fn a_cover_is_no_video() {
        let cover = r#"{"codec_type": "video", "width": 500, "height": 500, "disposition": {"attached_pic": 1}}"#;
        assert_eq!(of(&format!("{cover}, {SOUND}")).unwrap().video, None);
        assert!(of(cover).is_err());
    }

    #[test]
    fn lies_are_refused() {
        for (from, to) in [("44100", "1"), ("44100", "4294967295"), ("44100", "x"), (": 2", ": 0")]
        {
            assert!(matches!(of(&SOUND.replace(from, to)), Err(ReadError::Refused(_))), "{to}");
        }
        assert!(of("").is_err());
        assert!(parse(b"{}").is_err() && parse(b"").is_err());
    }
}
