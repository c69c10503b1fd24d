//! Pixels for a model out of any part of a picture, at any scale and turn.

use image::RgbImage;

/// A grid of points in a picture: its first point, and the steps to the next column and row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    /// The middle of the first cell.
    pub origin: [f32; 2],
    /// From one column to the next.
    pub right: [f32; 2],
    /// From one row to the next.
    pub down: [f32; 2],
}

/// Cells that are larger than a pixel are the mean of several points, up to this many a side.
const MOST_POINTS: f32 = 8.0;

/// Fills the three planes (blue, green, red: the order of the models) of `columns` × `rows` cells, whose
/// rows are `stride` apart, with colours from -1 to 1. Outside the picture its edge goes on.
pub(super) fn sample(
    image: &RgbImage,
    grid: &Grid,
    [columns, rows]: [usize; 2],
    stride: usize,
    planes: &mut [f32],
) {
    let size = planes.len() / 3;
    let points = |step: [f32; 2]| step[0].hypot(step[1]).round().clamp(1.0, MOST_POINTS);
    let (across, along) = (points(grid.right), points(grid.down));
    let mean = 1.0 / (across * along * 127.5);
    let offsets =
        |n: f32| (0..whole(n)).map(move |i| (i as f32 + 0.5) / n - 0.5).collect::<Vec<f32>>();
    let (dx, dy) = (offsets(across), offsets(along));
    for row in 0..rows {
        for column in 0..columns {
            let mut sum = [0.0; 3];
            for v in &dy {
                for u in &dx {
                    let (u, v) = (column as f32 + u, row as f32 + v);
                    let at = [0, 1].map(|i| grid.origin[i] + u * grid.right[i] + v * grid.down[i]);
                    let colour = bilinear(image, at);
                    for (sum, colour) in sum.iter_mut().zip(colour) {
                        *sum += colour;
                    }
                }
            }
            let cell = row * stride + column;
            for (plane, sum) in sum.iter().rev().enumerate() {
                planes[plane * size + cell] = sum * mean - 1.0;
            }
        }
    }
}

/// The colour between the four pixels around a point; the middle of the first pixel is (0.5, 0.5).
fn bilinear(image: &RgbImage, [x, y]: [f32; 2]) -> [f32; 3] {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let (x, y) =
        ((x - 0.5).clamp(0.0, (width - 1) as f32), (y - 0.5).clamp(0.0, (height - 1) as f32));
    let (left, top) = (whole(x), whole(y));
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (fx, fy) = (x - left as f32, y - top as f32);
    let bytes: &[u8] = image.as_raw();
    let pixel = |x: usize, y: usize| {
        let at = (y * width + x) * 3;
        [bytes[at], bytes[at + 1], bytes[at + 2]]
    };
    let corners = [pixel(left, top), pixel(right, top), pixel(left, bottom), pixel(right, bottom)];
    [0, 1, 2].map(|channel| {
        let [upper_left, upper_right, lower_left, lower_right] =
            corners.map(|pixel| f32::from(pixel[channel]));
        let upper = upper_left + (upper_right - upper_left) * fx;
        let lower = lower_left + (lower_right - lower_left) * fx;
        upper + (lower - upper) * fy
    })
}

/// A number of pixels that is not negative, without its fraction.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a conversion that saturates is wanted"
)]
pub(super) fn whole(x: f32) -> usize {
    x as usize
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn a_copy_keeps_colours_and_their_order_is_reversed() {
        let mut image = RgbImage::new(2, 1);
        image.put_pixel(1, 0, Rgb([255, 0, 0]));
        let mut planes = [9.0; 6];
        let grid = Grid { origin: [0.5, 0.5], right: [1.0, 0.0], down: [0.0, 1.0] };
        sample(&image, &grid, [2, 1], 2, &mut planes);
        assert_eq!(planes, [-1.0, -1.0, -1.0, -1.0, -1.0, 1.0]);
    }

    #[test]
    fn a_smaller_copy_is_the_mean_and_a_turned_one_runs_down() {
        let image = RgbImage::from_fn(4, 4, |_, y| Rgb([if y % 2 == 0 { 0 } else { 255 }; 3]));
        let mut planes = [9.0; 12];
        let half = Grid { origin: [1.0, 1.0], right: [2.0, 0.0], down: [0.0, 2.0] };
        sample(&image, &half, [2, 2], 2, &mut planes);
        assert!(planes.iter().all(|p| p.abs() < 1e-5), "{planes:?}");
        let down = Grid { origin: [0.5, 0.5], right: [0.0, 1.0], down: [1.0, 0.0] };
        sample(&image, &down, [4, 1], 4, &mut planes);
        assert_eq!(planes[..4], [-1.0, 1.0, -1.0, 1.0]);
    }

    #[test]
    fn outside_the_picture_its_edge_goes_on() {
        let image = RgbImage::from_pixel(3, 3, Rgb([255; 3]));
        let mut planes = [9.0; 3];
        let grid = Grid { origin: [-500.0, 9e9], right: [1.0, 0.0], down: [0.0, 1.0] };
        sample(&image, &grid, [1, 1], 1, &mut planes);
        assert_eq!(planes, [1.0; 3]);
    }
}
