//! Where a line of text stands: a rectangle that may be turned.

/// A side this many times as long as the other makes a rectangle stand upright: "I" and "1" are
/// narrow as well, but not so narrow.
const UPRIGHT: f32 = 2.5;

/// A turned rectangle, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Region {
    /// Its middle.
    pub center: [f32; 2],
    /// The direction of reading, of length 1.
    pub along: [f32; 2],
    /// How long the line is.
    pub width: f32,
    /// How high it is.
    pub height: f32,
}

impl Region {
    /// A rectangle by its middle, one of its axes, and its extents along that and across it. The axis
    /// nearer to the horizontal becomes the direction of reading, from left to right.
    pub fn new(center: [f32; 2], axis: [f32; 2], width: f32, height: f32) -> Self {
        let [x, y] = axis;
        let (along, width, height) =
            if x.abs() >= y.abs() { ([x, y], width, height) } else { ([y, -x], height, width) };
        let along = if along[0] < 0.0 { along.map(|a| -a) } else { along };
        Self { center, along, width, height }
    }

    /// The direction from the top of the line to its bottom.
    pub fn down(&self) -> [f32; 2] {
        [-self.along[1], self.along[0]]
    }

    /// A point of it: `u` from 0 at the beginning of the line to 1 at its end, `v` from 0 at its top
    /// to 1 at its bottom.
    pub fn point(&self, u: f32, v: f32) -> [f32; 2] {
        let (along, down) = (self.along, self.down());
        let (du, dv) = ((u - 0.5) * self.width, (v - 0.5) * self.height);
        [0, 1].map(|i| self.center[i] + du * along[i] + dv * down[i])
    }

    /// The part from `u0` to `u1`.
    pub fn part(&self, u0: f32, u1: f32) -> Self {
        let center = self.point(f32::midpoint(u0, u1), 0.5);
        Self { center, width: (u1 - u0) * self.width, ..*self }
    }

    /// The least upright box around it: left, top, right, bottom.
    pub fn bounds(&self) -> [f32; 4] {
        let corners =
            [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map(|(u, v)| self.point(u, v));
        let of = |i: usize, pick: fn(f32, f32) -> f32| {
            corners.iter().map(|corner| corner[i]).reduce(pick).unwrap_or_default()
        };
        [of(0, f32::min), of(1, f32::min), of(0, f32::max), of(1, f32::max)]
    }

    /// Larger by this much on every side.
    pub fn grown(&self, by: f32) -> Self {
        Self { width: self.width + 2.0 * by, height: self.height + 2.0 * by, ..*self }
    }

    /// The same in a picture that is `factor` times as large.
    pub fn scaled(&self, factor: f32) -> Self {
        Self {
            center: self.center.map(|c| c * factor),
            width: self.width * factor,
            height: self.height * factor,
            ..*self
        }
    }

    /// Whether the text in it, if it is more than a letter, runs up or down.
    pub fn stands_upright(&self) -> bool {
        self.height > UPRIGHT * self.width
    }

    /// The same, read from its lower end upwards.
    pub fn quarter_turned(&self) -> Self {
        let [x, y] = self.along;
        Self { along: [y, -x], width: self.height, height: self.width, ..*self }
    }

    /// The same, read from its other end with its bottom on top.
    pub fn half_turned(&self) -> Self {
        Self { along: self.along.map(|a| -a), ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Region {
        Region::new([50.0, 20.0], [1.0, 0.0], 80.0, 10.0)
    }

    #[test]
    fn its_points_run_along_it() {
        assert_eq!(line().point(0.0, 0.0), [10.0, 15.0]);
        assert_eq!(line().point(1.0, 1.0), [90.0, 25.0]);
        assert_eq!(line().bounds(), [10.0, 15.0, 90.0, 25.0]);
        assert_eq!(line().part(0.0, 0.25).bounds(), [10.0, 15.0, 30.0, 25.0]);
    }

    #[test]
    fn whatever_axis_is_given_it_is_read_from_left_to_right() {
        for (axis, width, height) in [
            ([1.0, 0.0], 80.0, 10.0),
            ([-1.0, 0.0], 80.0, 10.0),
            ([0.0, 1.0], 10.0, 80.0),
            ([0.0, -1.0], 10.0, 80.0),
        ] {
            let region = Region::new([50.0, 20.0], axis, width, height);
            assert_eq!((region.along[0], region.width), (1.0, 80.0), "{axis:?}");
        }
    }

    #[test]
    fn turns_begin_at_other_corners() {
        assert_eq!(line().half_turned().point(0.0, 0.0), [90.0, 25.0]);
        let upright = Region::new([20.0, 50.0], [1.0, 0.0], 10.0, 80.0);
        assert!(upright.stands_upright());
        let turned = upright.quarter_turned();
        assert_eq!(turned.point(0.0, 0.0), [15.0, 90.0], "its first letter is at the bottom left");
        assert_eq!(turned.bounds(), upright.bounds());
    }
}
