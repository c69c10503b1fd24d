//! Recordings that are made here by ffmpeg, and the labelled ones beside the repository.

use std::{
    cell::RefCell,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use crate::place::{data, models};
use atc_core::file::{ContentType, Extracted, Fact, FileKind, FileName};
use atc_media::{Input, Models, ReadError, ReadFrame, Workplace, read_recording};

/// A folder for what a test makes.
struct Studio(tempfile::TempDir);

impl Studio {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Makes a recording with those arguments of ffmpeg.
    fn make(&self, name: &str, arguments: &[&str]) -> PathBuf {
        let path = self.path(name);
        let made = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-y"])
            .args(arguments)
            .arg(&path)
            .status()
            .expect("ffmpeg is there (./test installs it)");
        assert!(made.success(), "{name}");
        path
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }
}

/// The folder of Whisper; `None`, said aloud, where tests are not told where it is.
fn speech_model() -> Option<PathBuf> {
    models().map(|models| models.speech)
}

/// A file of the labelled data; `None`, said aloud, where it is not there.
fn labelled(name: &str) -> Option<PathBuf> {
    let data = data("audio")?.join(name);
    Some(data)
}

fn read_with(
    path: &Path,
    model: &Path,
    ocr_frame: &mut ReadFrame<'_>,
) -> Result<Extracted, ReadError> {
    let bytes = File::open(path).unwrap();
    let size = bytes.metadata().unwrap().len();
    let filename = FileName::label("memo");
    let mut input = Input { bytes, size, content_type: ContentType::unknown(), filename };
    let models = Models { ocr: "".into(), pdfium: "".into(), speech: model.to_owned() };
    let told = RefCell::new(Vec::new());
    let progress = |done: f64, _: &str| told.borrow_mut().push(done);
    let read =
        read_recording(&mut input, &Workplace { models: &models, progress: &progress }, ocr_frame);
    let told = told.into_inner();
    assert!(told.is_sorted() && told.iter().all(|done| (0.0..=1.0).contains(done)), "{told:?}");
    read
}

fn read(path: &Path, model: &Path) -> Result<Extracted, ReadError> {
    read_with(path, model, &mut |_, _, _| panic!("there are no pictures"))
}

/// The words in small letters.
fn words(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

const KENNEDY: &str = "and so my fellow americans ask not what your country can do for you ask what \
    you can do for your country";

#[test]
fn speech_is_read_with_its_times_and_language() {
    let (Some(model), Some(speech)) = (speech_model(), labelled("jfk.wav")) else { return };
    let read = read(&speech, &model).unwrap();
    assert_eq!(words(&read.text), KENNEDY);
    assert_eq!((read.kind, read.language.as_deref()), (FileKind::Audio, Some("en")));
    let (first, last) = (read.segments.first().unwrap(), read.segments.last().unwrap());
    assert!(first.start < 1.0 && (9.0..=11.0).contains(&last.end), "{first:?} {last:?}");
    assert_eq!(read.metadata["duration_s"], Fact::Number(11.0));
    assert_eq!(read.metadata["has_video"], Fact::Flag(false));
}

#[test]
fn every_usual_format_is_heard() {
    let (Some(model), Some(speech)) = (speech_model(), labelled("sb_spk1_snt5.wav")) else {
        return;
    };
    let studio = Studio::new();
    let speech = speech.to_str().unwrap();
    let picture = ["-f", "lavfi", "-i", "color=c=blue:s=64x64:r=5"];
    for (name, video, codec) in [
        ("a.mp3", false, "mp3"),
        ("a.ogg", false, "libopus"),
        ("a.m4a", false, "aac"),
        ("a.flac", false, "flac"),
        ("a.webm", true, "libopus"),
        ("a.mp4", true, "aac"),
        ("a.mov", true, "aac"),
    ] {
        let mut arguments = vec!["-i", speech];
        if video {
            arguments.extend(picture);
        }
        arguments.extend(["-c:a", codec, "-shortest"]);
        let path = studio.make(name, &arguments);
        let mut shown = |_: &[u8], _, _| Ok(String::new());
        let read = read_with(&path, &model, &mut shown).unwrap();
        let heard = words(&read.text);
        assert!(heard.contains("best part of the week"), "{name}: {heard}");
        assert_eq!(read.kind, if video { FileKind::Video } else { FileKind::Audio }, "{name}");
    }
}

#[test]
fn what_is_no_speech_has_an_empty_transcript() {
    let Some(model) = speech_model() else { return };
    let studio = Studio::new();
    let chord = "sine=f=262:d=20,tremolo=f=2:d=0.9[a];sine=f=330:d=20,tremolo=f=4:d=0.8[b];\
        sine=f=392:d=20,vibrato=f=5[c];[a][b][c]amix=3";
    for (name, sound) in [
        ("silence.wav", "anullsrc=r=8000:cl=mono:d=30"),
        ("white.wav", "anoisesrc=c=white:a=0.2:d=20:seed=1"),
        ("hum.wav", "anoisesrc=c=brown:a=0.02:d=20:seed=2"),
        ("tone.wav", "sine=f=440:d=20"),
        ("beeps.wav", "sine=f=600:b=4:d=20"),
        ("chord.wav", chord),
    ] {
        let path = studio.make(name, &["-f", "lavfi", "-i", sound]);
        let read = read(&path, &model).unwrap();
        assert_eq!(
            (read.text.as_str(), read.segments.len(), read.language),
            ("", 0, None),
            "{name}"
        );
    }
}

#[test]
fn hours_of_silence_are_passed_over() {
    let Some(model) = speech_model() else { return };
    let studio = Studio::new();
    let silence = "anullsrc=r=8000:cl=mono:d=36000";
    let path = studio.make("night.flac", &["-f", "lavfi", "-i", silence]);
    let begun = std::time::Instant::now();
    let read = read(&path, &model).unwrap();
    assert_eq!(read.text, "");
    assert_eq!(read.metadata["duration_s"], Fact::Number(36_000.0));
    assert!(begun.elapsed().as_secs() < 120, "{:?}", begun.elapsed());
}

#[test]
fn speech_late_in_silence_keeps_its_time() {
    let (Some(model), Some(speech)) = (speech_model(), labelled("sb_spk1_snt5.wav")) else {
        return;
    };
    let studio = Studio::new();
    let speech = speech.to_str().unwrap();
    let path = studio.make("late.wav", &["-i", speech, "-af", "adelay=60000:all=1"]);
    let read = read(&path, &model).unwrap();
    assert!(words(&read.text).contains("best part of the week"), "{}", read.text);
    let first = read.segments.first().unwrap();
    assert!((59.5..61.0).contains(&first.start), "{first:?}");
}

/// Mixed into one channel, neither would be understood.
#[test]
fn two_speakers_in_two_channels_are_both_understood() {
    let (Some(model), Some(one), Some(two)) =
        (speech_model(), labelled("jfk.wav"), labelled("LJ001-0001.flac"))
    else {
        return;
    };
    let studio = Studio::new();
    let together = "[0:a]aresample=16000[l];[1:a]aresample=16000,apad=whole_dur=11[r];\
        [l][r]join=inputs=2:channel_layout=stereo";
    let path = studio.make(
        "call.wav",
        &["-i", one.to_str().unwrap(), "-i", two.to_str().unwrap(), "-filter_complex", together],
    );
    let read = read(&path, &model).unwrap();
    let heard = words(&read.text);
    for part in
        ["my fellow americans", "what you can do for your country", "printing", "exhibition"]
    {
        assert!(heard.contains(part), "{part} is not in: {heard}");
    }
    assert!(read.segments.is_sorted_by(|a, b| a.start <= b.start));
}

/// Three pictures, the second one twice as long, with no sound.
#[test]
fn of_a_video_each_new_picture_is_read_once() {
    let studio = Studio::new();
    let filter = "color=c=white:s=320x180:r=10:d=8,\
        drawbox=x=20:y=20:w=200:h=60:c=red:t=fill:enable='between(t,2,6)',\
        drawbox=x=20:y=100:w=250:h=60:c=blue:t=fill:enable='gte(t,6)'";
    let path = studio.make("screen.mp4", &["-f", "lavfi", "-i", filter]);
    let mut seen = Vec::new();
    let mut ocr = |rgb: &[u8], width: u32, height: u32| {
        assert_eq!(rgb.len(), width as usize * height as usize * 3);
        let at = |x: usize, y: usize| {
            let i = (y * width as usize + x) * 3;
            [rgb[i] > 128, rgb[i + 1] > 128, rgb[i + 2] > 128]
        };
        let text = match (at(100, 50), at(100, 130)) {
            ([true, true, true], [true, true, true]) => "desktop",
            ([true, false, false], _) => "Error: disk full",
            (_, [false, false, true]) => "Details 0x80",
            _ => "something else",
        };
        seen.push((width, height));
        Ok(text.to_owned())
    };
    let read = read_with(&path, Path::new("/nowhere"), &mut ocr).unwrap();
    assert_eq!(seen, [(320, 180); 3]);
    assert_eq!(read.kind, FileKind::Video);
    let shown: Vec<(f64, &str)> = read.frames.iter().map(|f| (f.at, f.text.as_str())).collect();
    assert_eq!(shown, [(0.0, "desktop"), (2.0, "Error: disk full"), (6.0, "Details 0x80")]);
    assert!(read.text.contains("On screen at 0:02:\nError: disk full"), "{}", read.text);
    assert_eq!(read.metadata["has_audio"], Fact::Flag(false));
    assert_eq!((&read.metadata["width"], &read.metadata["height"]), (&320.into(), &180.into()));
}

#[test]
fn a_restless_video_is_read_within_bounds() {
    let studio = Studio::new();
    let noise = "nullsrc=s=64x64:r=2:d=200,geq=random(1)*255:128:128";
    let path = studio.make("noise.mp4", &["-f", "lavfi", "-i", noise]);
    let mut pictures = 0;
    let mut ocr = |_: &[u8], _, _| {
        pictures += 1;
        Ok(format!("picture number {pictures}"))
    };
    read_with(&path, Path::new("/nowhere"), &mut ocr).unwrap();
    assert!((30..=60).contains(&pictures), "{pictures}");
}

#[test]
fn a_picture_that_is_refused_has_no_text_and_a_missing_model_is_told() {
    let studio = Studio::new();
    let path = studio.make("short.webm", &["-f", "lavfi", "-i", "color=c=blue:s=64x64:r=5:d=0.2"]);
    let mut asked = 0;
    let mut refuses = |_: &[u8], _, _| {
        asked += 1;
        Err(ReadError::refused("too small"))
    };
    let blank = read_with(&path, Path::new("/nowhere"), &mut refuses).unwrap();
    assert!(blank.frames.is_empty() && blank.text.is_empty());
    assert_eq!(asked, 1, "the shortest video has a picture");
    let mut lacks = |_: &[u8], _, _| Err(ReadError::unavailable("no model"));
    let failed = read_with(&path, Path::new("/nowhere"), &mut lacks);
    assert_eq!(failed, Err(ReadError::Unavailable("no model".into())));
    let sound = studio.make("a.wav", &["-f", "lavfi", "-i", "sine=d=1"]);
    let failed = read(&sound, Path::new("/nowhere")).unwrap_err();
    assert!(
        matches!(&failed, ReadError::Unavailable(why) if why.contains("models fetch")),
        "{failed}"
    );
}

#[test]
fn a_file_that_is_cut_is_read_as_far_as_it_goes() {
    let (Some(model), Some(speech)) = (speech_model(), labelled("jfk.wav")) else { return };
    let studio = Studio::new();
    let whole = studio.make("whole.mp3", &["-i", speech.to_str().unwrap()]);
    let bytes = fs::read(whole).unwrap();
    let cut = studio.write("cut.mp3", &bytes[..bytes.len() / 2]);
    let heard = words(&read(&cut, &model).unwrap().text);
    assert!(heard.contains("fellow americans") && !heard.contains("for your country"), "{heard}");
}

fn wav(channels: u16, rate: u32, says: u32, data: &[u8]) -> Vec<u8> {
    let width = u32::from(channels.max(1)) * 2;
    let mut wav = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0".to_vec();
    wav.extend(channels.to_le_bytes());
    wav.extend(rate.to_le_bytes());
    wav.extend(rate.wrapping_mul(width).to_le_bytes());
    wav.extend((channels.max(1) * 2).to_le_bytes());
    wav.extend(b"\x10\0data");
    wav.extend(says.to_le_bytes());
    wav.extend(data);
    wav
}

#[test]
fn broken_and_lying_files_are_refused() {
    let model = PathBuf::from("/nowhere");
    let studio = Studio::new();
    let playlist =
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n";
    let concat = "ffconcat version 1.0\nfile /etc/passwd\n";
    let deep: Vec<u8> = (0..5_000u32)
        .flat_map(|i| [&(8 * (5_000 - i)).to_be_bytes()[..], b"moov"].concat())
        .collect();
    for (name, content) in [
        ("empty.mp3", vec![]),
        (
            "noise.mp4",
            (0..50_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
        ),
        ("text.mp3", b"This is no song.".repeat(100)),
        ("playlist.m3u8", playlist.into()),
        ("list.ffconcat", concat.into()),
        ("loop.mp4", b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2\0\0\0\0moov\0\0\0\0trak".to_vec()),
        ("overflow.mp4", b"\0\0\0\x01ftyp\xff\xff\xff\xff\xff\xff\xff\xffisom".to_vec()),
        ("deep.mp4", deep),
        ("mute.wav", wav(0, 16_000, 3_200, &[0; 3_200])),
        ("slow.wav", wav(1, 1, 3_200, &[0; 3_200])),
        ("fast.wav", wav(1, u32::MAX, 3_200, &[0; 3_200])),
    ] {
        let path = studio.write(name, &content);
        let said = read(&path, &model);
        assert!(
            matches!(&said, Err(ReadError::Refused(why)) if why.ends_with('.')),
            "{name}: {said:?}"
        );
    }
}

#[test]
fn a_wrong_length_does_no_harm() {
    let Some(model) = speech_model() else { return };
    let studio = Studio::new();
    let path = studio.write("long.wav", &wav(1, 16_000, 0xffff_fff0, &[0; 3_200]));
    assert_eq!(read(&path, &model).unwrap().text, "");
}
