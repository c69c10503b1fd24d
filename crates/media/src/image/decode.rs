//! From a file to upright pixels, within limits that are checked before memory is taken.

use std::{collections::BTreeMap, fs::File, io::BufReader};

use atc_core::file::Fact;
use image::{
    ColorType, DynamicImage, ImageBuffer, ImageDecoder, ImageError, ImageFormat, ImageReader,
    Limits, RgbImage, imageops, metadata::Orientation,
};

use super::exif;
use crate::reader::ReadError;

/// The most pixels of a picture.
const MOST_PIXELS: u64 = 100_000_000;
/// The most bytes of its pixels.
const MOST_BYTES: u64 = 400_000_000;
/// The most bytes that a decoder may take beside them.
const MOST_ALLOCATED: u64 = 512_000_000;
/// The longest side.
const LONGEST_SIDE: u32 = 65_535;
/// Larger pictures are reduced to so many pixels before their text is read.
const KEPT_PIXELS: f64 = 24_000_000.0;
/// Longer EXIF is not looked at.
const MOST_EXIF: usize = 1 << 20;

/// A picture that is decoded.
pub(super) struct Picture {
    /// What is seen, on white where it is transparent.
    pub pixels: RgbImage,
    /// How many times smaller than the picture the pixels are.
    pub reduced: f64,
    /// What the file says of itself.
    pub facts: BTreeMap<String, Fact>,
}

/// Decodes a picture and turns it as its EXIF orientation asks.
pub(super) fn decode(file: &File) -> Result<Picture, ReadError> {
    let mut reader = ImageReader::new(BufReader::new(file))
        .with_guessed_format()
        .map_err(|_| ReadError::refused("The file cannot be read."))?;
    let format = reader.format().and_then(name_of).ok_or_else(|| {
        ReadError::refused(
            "The file is no picture in one of the formats PNG, JPEG, GIF, BMP, WebP and TIFF.",
        )
    })?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_ALLOCATED);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| refused(format, &error))?;
    let (width, height) = decoder.dimensions();
    within_limits(width, height, decoder.total_bytes())?;

    let mut facts = BTreeMap::new();
    // EXIF is an addition: a picture is good without it, and with a broken one.
    let exif = decoder.exif_metadata().ok().flatten().filter(|exif| exif.len() <= MOST_EXIF);
    if let Some(exif) = exif {
        facts.extend(exif::facts(exif));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    facts.insert("format".to_owned(), format.into());
    facts.insert("color".to_owned(), colour(decoder.color_type()).into());
    let image = DynamicImage::from_decoder(decoder).map_err(|error| refused(format, &error))?;
    let (mut pixels, reduced) = reduce(on_white(image));
    pixels = turn(pixels, orientation);
    let turned = is_quarter(orientation);
    let (width, height) = if turned { (height, width) } else { (width, height) };
    facts.insert("width".to_owned(), width.into());
    facts.insert("height".to_owned(), height.into());
    Ok(Picture { pixels, reduced, facts })
}

fn within_limits(width: u32, height: u32, bytes: u64) -> Result<(), ReadError> {
    if width == 0 || height == 0 {
        return Err(ReadError::refused("The picture has no pixels."));
    }
    if u64::from(width) * u64::from(height) > MOST_PIXELS || width.max(height) > LONGEST_SIDE {
        return Err(ReadError::refused(format!(
            "The picture has {width} × {height} pixels; at most {} million, and {LONGEST_SIDE} a side, are read.",
            MOST_PIXELS / 1_000_000
        )));
    }
    if bytes > MOST_BYTES {
        return Err(ReadError::refused(format!(
            "The picture takes {} MB when it is opened; at most {} MB are read.",
            bytes / 1_000_000,
            MOST_BYTES / 1_000_000
        )));
    }
    Ok(())
}

fn name_of(format: ImageFormat) -> Option<&'static str> {
    Some(match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Gif => "GIF",
        ImageFormat::Bmp => "BMP",
        ImageFormat::WebP => "WebP",
        ImageFormat::Tiff => "TIFF",
        _ => return None,
    })
}

fn refused(format: &str, error: &ImageError) -> ReadError {
    ReadError::refused(match error {
        ImageError::Limits(_) => {
            format!("The {format} picture takes too much memory when it is opened.")
        }
        ImageError::Unsupported(_) => {
            format!("The {format} picture is of a kind that is not read.")
        }
        _ => format!("The {format} picture is broken or incomplete."),
    })
}

fn colour(color: ColorType) -> &'static str {
    match color {
        ColorType::L8 | ColorType::L16 => "gray",
        ColorType::La8 | ColorType::La16 => "gray with transparency",
        _ if color.has_alpha() => "rgb with transparency",
        _ => "rgb",
    }
}

/// The picture without transparency, on white. What has eight bits is changed where it is: a large
/// picture does not stand twice in memory.
fn on_white(image: DynamicImage) -> RgbImage {
    let rgba = match image {
        DynamicImage::ImageRgb8(image) => return image,
        DynamicImage::ImageRgba8(image) => image,
        image if image.color().has_alpha() => image.into_rgba8(),
        image => return image.into_rgb8(),
    };
    let (width, height) = rgba.dimensions();
    let mut bytes = rgba.into_raw();
    let pixels = bytes.len() / 4;
    for i in 0..pixels {
        let alpha = u32::from(bytes[i * 4 + 3]);
        for channel in 0..3 {
            let mixed =
                (u32::from(bytes[i * 4 + channel]) * alpha + 255 * (255 - alpha) + 127) / 255;
            // A mean of two bytes is one.
            bytes[i * 3 + channel] = u8::try_from(mixed).unwrap_or(u8::MAX);
        }
    }
    bytes.truncate(pixels * 3);
    bytes.shrink_to_fit();
    ImageBuffer::from_raw(width, height, bytes).unwrap_or_default()
}

/// Fewer pixels of a very large picture, and by how much a side was reduced.
fn reduce(image: RgbImage) -> (RgbImage, f64) {
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    let factor = (width * height / KEPT_PIXELS).sqrt();
    if factor <= 1.0 {
        return (image, 1.0);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "less than before")]
    let side = |pixels: f64| ((pixels / factor) as u32).max(1);
    (imageops::thumbnail(&image, side(width), side(height)), factor)
}

fn turn(image: RgbImage, orientation: Orientation) -> RgbImage {
    if orientation == Orientation::NoTransforms {
        return image;
    }
    let mut image = DynamicImage::ImageRgb8(image);
    image.apply_orientation(orientation);
    image.into_rgb8()
}

fn is_quarter(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, Rgba, RgbaImage};

    use super::*;

    #[test]
    fn what_is_transparent_is_white() {
        let mut image = RgbaImage::from_pixel(2, 1, Rgba([0, 0, 0, 0]));
        image.put_pixel(1, 0, Rgba([10, 20, 30, 255]));
        let image = on_white(DynamicImage::ImageRgba8(image));
        assert_eq!(
            (image.get_pixel(0, 0), image.get_pixel(1, 0)),
            (&Rgb([255; 3]), &Rgb([10, 20, 30]))
        );
        let grey = image::GrayAlphaImage::from_pixel(1, 1, image::LumaA([0, 0]));
        assert_eq!(on_white(DynamicImage::ImageLumaA8(grey)).get_pixel(0, 0), &Rgb([255; 3]));
    }

    #[test]
    fn limits_are_clear_sentences() {
        let why = within_limits(30_000, 30_000, 2_700_000_000).unwrap_err().to_string();
        assert!(why.contains("30000 × 30000") && why.contains("100 million"), "{why}");
        assert!(within_limits(0, 5, 0).is_err() && within_limits(1, 65_536, 65_536 * 3).is_err());
        assert!(within_limits(9_000, 9_000, 9_000 * 9_000 * 8).is_err());
        assert!(within_limits(8_000, 6_000, 144_000_000).is_ok());
    }

    #[test]
    fn very_large_pictures_are_reduced() {
        let (image, factor) = reduce(RgbImage::new(8_000, 6_000));
        assert!(u64::from(image.width()) * u64::from(image.height()) <= 24_000_000);
        assert!((factor - 2f64.sqrt()).abs() < 1e-9);
        assert!((reduce(RgbImage::new(10, 10)).1 - 1.0).abs() < 1e-9);
    }
}
