//! Pictures: whatever way they are turned, coloured, named or broken.

use std::io::Cursor;

use atc_core::file::{Extracted, Fact, FileKind};
use atc_media::ReadError;
use image::{
    DynamicImage, ImageEncoder, ImageFormat, RgbImage, codecs::jpeg::JpegEncoder, imageops,
};

use crate::place::{data, models, no_models, read};

const DIALOG: &[u8] = include_bytes!("../pictures/dialog.png");
const SMALL: &[u8] = include_bytes!("../pictures/small.png");
const SLANTED: &[u8] = include_bytes!("../pictures/slanted.png");
const TABLE: &[u8] = include_bytes!("../pictures/table.png");
const TEXT: &str = "Connection failed Could not reach server api.example.com:8443 Error code: \
                    ERR_CONNECTION_TIMED_OUT Invoice 2024-0917 charged twice: $1,249.50";

fn picture(bytes: &[u8]) -> RgbImage {
    image::load_from_memory(bytes).unwrap().into_rgb8()
}

fn encoded(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image.clone()).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every word is where it says: inside of the picture, and not empty.
fn assert_boxes(read: &Extracted, width: u32, height: u32) {
    assert_eq!(read.metadata["width"], Fact::from(width));
    assert_eq!(read.metadata["height"], Fact::from(height));
    for word in &read.words {
        let inside = word.x >= 0.0
            && word.y >= 0.0
            && word.x + word.width <= f64::from(width) + 12.0
            && word.y + word.height <= f64::from(height) + 12.0;
        assert!(inside && word.width > 0.0 && word.height > 0.0, "{word:?}");
        assert!((0.0..=1.0).contains(&word.confidence), "{word:?}");
    }
    let words: Vec<&str> = read.words.iter().map(|word| word.text.as_str()).collect();
    assert_eq!(words.join(" "), on_one_line(&read.text), "words and text are the same");
}

/// The text of the dialog was read, but for one or two letters and spaces: a model is no copyist.
fn assert_reads(text: &str, name: &str) {
    let (read, wanted) = (on_one_line(text).to_lowercase(), TEXT.to_lowercase());
    assert!(strsim::levenshtein(&read, &wanted) <= 2, "{name}: {read}");
}

/// The middle of a word.
fn middle(read: &Extracted, text: &str) -> (f64, f64) {
    let word = read.words.iter().find(|word| word.text == text).expect(text);
    (word.x + word.width / 2.0, word.y + word.height / 2.0)
}

#[test]
fn a_dialog_is_read_with_its_words_in_place() {
    let Some(models) = models() else { return };
    let read = read(DIALOG, &models).unwrap();
    assert_eq!((read.kind, read.language.as_deref()), (FileKind::Image, None));
    assert_reads(&read.text, "straight");
    assert_eq!(read.metadata["format"], "PNG".into());
    assert_boxes(&read, 560, 170);
    let (x, y) = middle(&read, "failed");
    assert!((120.0..180.0).contains(&x) && (20.0..45.0).contains(&y), "{x} {y}");
}

#[test]
fn small_slanted_and_dark_text_is_read() {
    let Some(models) = models() else { return };
    let mut dark = picture(DIALOG);
    imageops::invert(&mut dark);
    for (name, bytes) in
        [("small", SMALL), ("slanted", SLANTED), ("dark", &encoded(&dark, ImageFormat::Png))]
    {
        let read = read(bytes, &models).unwrap();
        assert_reads(&read.text, name);
    }
}

#[test]
fn a_table_is_read_row_by_row() {
    let Some(models) = models() else { return };
    let read = read(TABLE, &models).unwrap();
    let rows: Vec<&str> = read.text.lines().collect();
    assert_eq!(
        rows,
        [
            "Order Customer Total",
            "10031 Acme Ltd 4,310.00",
            "10032 Globex Corp 918.25",
            "10033 Initech 604.90"
        ]
    );
}

#[test]
fn a_turned_page_is_read_and_its_boxes_are_those_of_the_picture() {
    let Some(models) = models() else { return };
    let straight = picture(DIALOG);
    for (turned, place) in [
        (imageops::rotate180(&straight), (560.0 - 150.0, 170.0 - 32.0)),
        (imageops::rotate90(&straight), (170.0 - 32.0, 150.0)),
        (imageops::rotate270(&straight), (32.0, 560.0 - 150.0)),
    ] {
        let read = read(&encoded(&turned, ImageFormat::Png), &models).unwrap();
        assert_reads(&read.text, "turned");
        assert_boxes(&read, turned.width(), turned.height());
        let (x, y) = middle(&read, "failed");
        assert!(f64::hypot(x - place.0, y - place.1) < 30.0, "{x} {y}, not {place:?}");
    }
}

#[test]
fn exif_turns_the_picture_and_tells_no_place() {
    let Some(models) = models() else { return };
    // Big-endian TIFF with one entry: orientation 6, "turn it to the right".
    let exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let lying = imageops::rotate270(&picture(DIALOG));
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    encoder.set_exif_metadata(exif.to_vec()).unwrap();
    encoder.encode_image(&lying).unwrap();
    let found = read(&bytes, &models).unwrap();
    assert_eq!(on_one_line(&found.text), TEXT);
    assert_boxes(&found, 560, 170);
    assert_eq!(found.metadata["orientation"], Fact::Whole(6));
    let (x, y) = middle(&found, "failed");
    assert!((120.0..180.0).contains(&x) && (20.0..45.0).contains(&y), "{x} {y}");

    let mut broken = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut broken, 95);
    encoder.set_exif_metadata(exif[..15].to_vec()).unwrap();
    encoder.encode_image(&picture(DIALOG)).unwrap();
    assert_eq!(on_one_line(&read(&broken, &models).unwrap().text), TEXT);
}

#[test]
fn every_format_is_read_by_what_is_in_it() {
    let Some(models) = models() else { return };
    for (format, name) in [
        (ImageFormat::Png, "PNG"),
        (ImageFormat::Jpeg, "JPEG"),
        (ImageFormat::Gif, "GIF"),
        (ImageFormat::Bmp, "BMP"),
        (ImageFormat::WebP, "WebP"),
        (ImageFormat::Tiff, "TIFF"),
    ] {
        // All are called "picture.jpg".
        let read = read(&encoded(&picture(DIALOG), format), &models).unwrap();
        assert_eq!(read.metadata["format"], name.into());
        assert!(read.text.contains("Connection failed"), "{name}: {}", read.text);
    }
}

#[test]
fn what_has_no_text_gives_none() {
    let Some(models) = models() else { return };
    let white = RgbImage::from_pixel(400, 300, image::Rgb([255; 3]));
    let noise = RgbImage::from_fn(400, 300, |x, y| {
        image::Rgb(
            [0, 1, 2].map(|c| (((x * 7_919 + y * 104_729 + c * 31) * 2_654_435_761) >> 24) as u8),
        )
    });
    let dot = RgbImage::from_pixel(1, 1, image::Rgb([9; 3]));
    let strip = RgbImage::from_pixel(20_000, 2, image::Rgb([200; 3]));
    for image in [white, noise, dot, strip] {
        let read = read(&encoded(&image, ImageFormat::Png), &models).unwrap();
        assert_eq!((read.text.as_str(), read.words.len()), ("", 0));
    }
}

#[test]
fn what_is_broken_is_refused_with_a_sentence() {
    let half = &DIALOG[..DIALOG.len() / 2];
    let cases: [(&[u8], &str); 5] = [
        (half, "The PNG picture is broken or incomplete."),
        (&DIALOG[..20], "The PNG picture is broken or incomplete."),
        (b"", "formats PNG"),
        (b"%PDF-1.7 is no picture", "formats PNG"),
        (&bomb(30_000, 30_000), "30000 × 30000"),
    ];
    for (bytes, why) in cases {
        let error = read(bytes, &no_models()).unwrap_err();
        assert!(matches!(&error, ReadError::Refused(text) if text.contains(why)), "{error:?}");
    }
}

#[test]
fn missing_models_say_how_to_get_them() {
    let error = read(DIALOG, &no_models()).unwrap_err();
    assert!(
        matches!(&error, ReadError::Unavailable(text) if text.contains("ai-tickets models fetch")),
        "{error:?}"
    );
}

/// Whatever is in the hostile files, it is a picture or a refusal.
#[test]
fn hostile_pictures_are_read_or_refused() {
    let Some(models) = models() else { return };
    for folder in ["hostile/img", "hostile/png", "hostile/generated"] {
        let Some(folder) = data(folder) else { return };
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let small = path.metadata().is_ok_and(|file| file.is_file() && file.len() < 1 << 20);
            if small
                && let Err(ReadError::Unavailable(why)) =
                    read(&std::fs::read(&path).unwrap(), &models)
            {
                panic!("{}: {why}", path.display());
            }
        }
    }
}

/// The beginning of a PNG of this size, with a little of its pixels.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = encoded(&RgbImage::new(8, 8), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let checked = crc(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checked.to_be_bytes());
    bytes
}

/// The check sum of PNG (ISO 3309).
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
