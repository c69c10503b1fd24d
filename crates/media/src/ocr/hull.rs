//! The least rectangle around points. The one of rten-imageproc orders points by their angles in single
//! precision and loses the height of long lines; whole numbers do not.

/// A rectangle by its middle, one of its axes (of length 1), and its extents along and across that.
pub(super) struct Rectangle {
    pub center: [f32; 2],
    pub axis: [f32; 2],
    pub along: f32,
    pub across: f32,
}

/// The rectangle of the least area around the points: one of its sides lies on a side of their convex
/// hull (Freeman and Shapira, "Determining the minimum-area encasing rectangle", CACM 1975). `None`
/// without points.
pub(super) fn least_rectangle(points: Vec<[i32; 2]>) -> Option<Rectangle> {
    let hull = convex_hull(points);
    let next = hull.iter().cycle().skip(1);
    hull.iter().zip(next).map(|(a, b)| along_side(&hull, *a, *b)).min_by(|a, b| {
        let area = |r: &Rectangle| r.along * r.across;
        area(a).total_cmp(&area(b))
    })
}

fn along_side(hull: &[[i32; 2]], from: [i32; 2], to: [i32; 2]) -> Rectangle {
    let [dx, dy] = [0, 1].map(|i| (to[i] - from[i]) as f32);
    let length = dx.hypot(dy);
    let [x, y] = if length > 0.0 { [dx / length, dy / length] } else { [1.0, 0.0] };
    let (mut least, mut most) = ([f32::MAX; 2], [f32::MIN; 2]);
    for point in hull {
        let [px, py] = [0, 1].map(|i| (point[i] - from[i]) as f32);
        for (i, place) in [px * x + py * y, py * x - px * y].into_iter().enumerate() {
            least[i] = least[i].min(place);
            most[i] = most[i].max(place);
        }
    }
    let [u, v] = [0, 1].map(|i| f32::midpoint(least[i], most[i]));
    Rectangle {
        center: [from[0] as f32 + u * x - v * y, from[1] as f32 + u * y + v * x],
        axis: [x, y],
        along: most[0] - least[0],
        across: most[1] - least[1],
    }
}

/// Andrew's monotone chain ("Another efficient algorithm for convex hulls in two dimensions", 1979).
fn convex_hull(mut points: Vec<[i32; 2]>) -> Vec<[i32; 2]> {
    points.sort_unstable();
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let half = |points: &mut dyn Iterator<Item = [i32; 2]>| {
        let mut chain: Vec<[i32; 2]> = Vec::new();
        for point in points {
            while chain.len() >= 2
                && turn(chain[chain.len() - 2], chain[chain.len() - 1], point) <= 0
            {
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut hull = half(&mut points.iter().copied());
    hull.extend(half(&mut points.iter().rev().copied()));
    hull
}

/// Positive where the way from `a` over `b` to `c` turns one way, negative the other, 0 straight on.
fn turn(a: [i32; 2], b: [i32; 2], c: [i32; 2]) -> i64 {
    let of = |p: [i32; 2], q: [i32; 2], i: usize| i64::from(q[i]) - i64::from(p[i]);
    of(a, b, 0) * of(a, c, 1) - of(a, b, 1) * of(a, c, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_thin_line_keeps_its_height() {
        let outline = (0..900).flat_map(|x| [[x, 100 + x % 2], [x, 112 - x % 3]]).collect();
        let found = least_rectangle(outline).unwrap();
        let (long, short) = (found.along.max(found.across), found.along.min(found.across));
        assert!((long - 899.0).abs() < 1.0 && (short - 12.0).abs() < 1.0, "{long} {short}");
        assert!((found.center[0] - 449.5).abs() < 1.0 && (found.center[1] - 106.0).abs() < 1.0);
    }

    #[test]
    fn a_turned_square_is_found_as_it_lies() {
        let found = least_rectangle(vec![[0, 10], [10, 0], [20, 10], [10, 20], [10, 10]]).unwrap();
        let side = 200f32.sqrt();
        assert!((found.along - side).abs() < 1e-3 && (found.across - side).abs() < 1e-3);
    }

    #[test]
    fn few_points_have_a_rectangle_as_well() {
        assert!(least_rectangle(Vec::new()).is_none());
        assert_eq!(least_rectangle(vec![[3, 4]]).unwrap().center, [3.0, 4.0]);
        assert_eq!(least_rectangle(vec![[0, 0], [6, 8], [3, 4]]).unwrap().along, 10.0);
    }
}
