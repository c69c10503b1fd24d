//! From the probability that a pixel belongs to text to the places of lines (Liao et al., "Real-time
//! Scene Text Detection with Differentiable Binarization", AAAI 2020).

use rten_imageproc::{RetrievalMode, find_contours};
use rten_tensor::{NdTensor, prelude::*};

use super::{hull::least_rectangle, region::Region, sampling::whole};

/// Pixels at least so probable are text, of 255.
const TEXT: u8 = 77;
/// The mean probability in a line, of 255.
const LINE: f32 = 110.0;
/// How much larger a line is than what the model marks, by area and circumference.
const UNCLIP: f32 = 1.6;
/// Less high marks are specks.
const LEAST_HEIGHT: f32 = 2.5;
/// More lines are not looked at.
const MOST_LINES: usize = 4_000;

/// How probable it is that a pixel belongs to text, of 255.
pub(super) struct ProbabilityMap {
    pub width: usize,
    pub height: usize,
    pub values: Vec<u8>,
}

impl ProbabilityMap {
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, values: vec![0; width * height] }
    }

    /// The lines of text in it.
    pub fn regions(&self) -> Vec<Region> {
        let is_text = self.values.iter().map(|&p| p >= TEXT).collect::<Vec<bool>>();
        let mask = NdTensor::from_data([self.height, self.width], is_text);
        find_contours(mask.view(), RetrievalMode::External)
            .iter()
            .filter_map(|contour| self.region(contour.iter().map(|p| [p.x, p.y]).collect()))
            .take(MOST_LINES)
            .collect()
    }

    fn region(&self, contour: Vec<[i32; 2]>) -> Option<Region> {
        let rect = least_rectangle(contour)?;
        // A contour runs through the middles of its pixels, half a pixel inside of what it encloses.
        let center = rect.center.map(|c| c + 0.5);
        let marked = Region::new(center, rect.axis, rect.along, rect.across).grown(0.5);
        if marked.height.min(marked.width) < LEAST_HEIGHT || self.mean_in(&marked) < LINE {
            return None;
        }
        let (area, length) = (marked.width * marked.height, 2.0 * (marked.width + marked.height));
        Some(marked.grown(area * UNCLIP / length))
    }

    fn mean_in(&self, region: &Region) -> f32 {
        let [left, top, right, bottom] = region.bounds();
        let (mut sum, mut n) = (0u64, 0u32);
        for y in whole(top)..whole(bottom.ceil()).min(self.height) {
            for x in whole(left)..whole(right.ceil()).min(self.width) {
                if contains(region, x as f32 + 0.5, y as f32 + 0.5) {
                    sum += u64::from(self.values[y * self.width + x]);
                    n += 1;
                }
            }
        }
        if n == 0 { 0.0 } else { sum as f32 / n as f32 }
    }
}

fn contains(region: &Region, x: f32, y: f32) -> bool {
    let (dx, dy) = (x - region.center[0], y - region.center[1]);
    let (along, down) = (region.along, region.down());
    (dx * along[0] + dy * along[1]).abs() * 2.0 <= region.width
        && (dx * down[0] + dy * down[1]).abs() * 2.0 <= region.height
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(marked: &[Region]) -> ProbabilityMap {
        let mut map = ProbabilityMap::new(200, 100);
        for y in 0..100 {
            for x in 0..200 {
                if marked.iter().any(|region| contains(region, x as f32 + 0.5, y as f32 + 0.5)) {
                    map.values[y * 200 + x] = 250;
                }
            }
        }
        map
    }

    #[test]
    fn lines_are_found_where_they_are_and_a_little_larger() {
        let first = Region::new([60.0, 20.0], [1.0, 0.0], 100.0, 8.0);
        let second = Region::new([100.0, 60.0], [0.98, 0.2], 150.0, 10.0);
        let found = map(&[first, second]).regions();
        assert_eq!(found.len(), 2);
        let near = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]) < 1.5;
        assert!(
            near(found[0].center, first.center) && near(found[1].center, second.center),
            "{found:?}"
        );
        assert!(
            found[0].height > 15.0 && found[0].height < 21.0 && found[0].width < 120.0,
            "{found:?}"
        );
        assert!((found[1].along[1] - 0.2).abs() < 0.03, "{found:?}");
    }

    #[test]
    fn a_line_below_many_specks_is_found() {
        let mut map = ProbabilityMap::new(400, 200);
        for at in (0..180 * 400).filter(|at| at % 2 == 0 && at / 400 % 2 == 0) {
            map.values[at] = 90;
        }
        for at in (0..12 * 300).map(|i| (184 + i / 300) * 400 + 50 + i % 300) {
            map.values[at] = 250;
        }
        assert_eq!(map.regions().len(), 1);
    }

    #[test]
    fn specks_and_faint_marks_are_none() {
        let mut faint = map(&[Region::new([60.0, 20.0], [1.0, 0.0], 100.0, 8.0)]);
        for value in &mut faint.values {
            *value = (*value).min(90);
        }
        assert!(faint.regions().is_empty());
        assert!(map(&[Region::new([60.0, 20.0], [1.0, 0.0], 2.0, 2.0)]).regions().is_empty());
        assert!(map(&[]).regions().is_empty());
    }
}
