//! Trends: the Mann-Kendall test and the Theil-Sen slope. Both look only at pairs of points, so that a
//! single burst moves them little.

/// Up to so many points the distribution under "no trend" is counted, not approximated.
const COUNTED: usize = 12;

/// The one-sided probability that points without a trend rise as much as these, by Mann-Kendall.
///
/// S is the number of rising pairs less the number of falling ones. Up to twelve points its
/// distribution over all arrangements of the values, equal ones included, is counted; beyond, S is
/// normal with variance (n(n−1)(2n+5) − Σ t(t−1)(2t+5)) / 18 over the groups of t equal values, and a
/// continuity correction of 1. M. G. Kendall, "Rank Correlation Methods" (1975); R. O. Gilbert,
/// "Statistical Methods for Environmental Pollution Monitoring" (1987), section 16.4.
pub fn mann_kendall(points: &[f64]) -> f64 {
    let mut s = 0isize;
    for (at, early) in points.iter().enumerate() {
        for late in &points[at + 1..] {
            s += isize::from(late > early) - isize::from(late < early);
        }
    }
    let groups = sizes_of_equal_groups(points);
    if points.len() <= COUNTED {
        counted(s, points.len(), &groups)
    } else {
        normal(s, points.len(), &groups)
    }
}

fn sizes_of_equal_groups(points: &[f64]) -> Vec<usize> {
    let mut sorted = points.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(<[f64]>::len).collect()
}

/// Arrangements of n values with groups of equal ones are counted by their falling pairs by the
/// Gaussian multinomial coefficient: ∏ᵢ₌₁ⁿ(1−qⁱ) / ∏ₜ∏ⱼ₌₁ᵗ(1−qʲ). Its coefficients, lowest first, are
/// built by multiplying and dividing a power series.
fn counted(s: isize, n: usize, groups: &[usize]) -> f64 {
    let pairs = |k: usize| k * k.saturating_sub(1) / 2;
    let unequal = pairs(n) - groups.iter().map(|&t| pairs(t)).sum::<usize>();
    let mut coefficients = vec![0i128; unequal + 1];
    coefficients[0] = 1;
    for i in 1..=n {
        for k in (i..=unequal).rev() {
            coefficients[k] -= coefficients[k - i];
        }
    }
    for &t in groups {
        for j in 1..=t {
            for k in j..=unequal {
                coefficients[k] += coefficients[k - j];
            }
        }
    }
    // S = unequal - 2 * falling.
    let falling = unequal.saturating_add_signed(-s) / 2;
    let as_steep: i128 = coefficients[..=falling.min(unequal)].iter().sum();
    as_steep as f64 / coefficients.iter().sum::<i128>() as f64
}

fn normal(s: isize, n: usize, groups: &[usize]) -> f64 {
    let term = |k: usize| {
        let k = k as f64;
        k * (k - 1.0) * (2.0 * k + 5.0)
    };
    let variance = (term(n) - groups.iter().map(|&t| term(t)).sum::<f64>()) / 18.0;
    if variance <= 0.0 {
        return 1.0;
    }
    let corrected = (s - s.signum()) as f64;
    upper_tail(corrected / variance.sqrt())
}

/// The probability that a standard normal value exceeds `z`, to 7.5e-8. M. Abramowitz and I. A. Stegun,
/// "Handbook of Mathematical Functions", 26.2.17.
fn upper_tail(z: f64) -> f64 {
    const B: [f64; 5] =
        [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let polynomial = B.iter().rev().fold(0.0, |sum, b| (sum + b) * t);
    let tail = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * polynomial;
    if z >= 0.0 { tail } else { 1.0 - tail }
}

/// The slope per point: the median of the slopes of all pairs. P. K. Sen, "Estimates of the regression
/// coefficient based on Kendall's tau", JASA 63 (1968). `None` for fewer than two points.
pub fn theil_sen(points: &[f64]) -> Option<f64> {
    let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
    for (i, early) in points.iter().enumerate() {
        for (j, late) in points.iter().enumerate().skip(i + 1) {
            slopes.push((late - early) / (j - i) as f64);
        }
    }
    let middle = slopes.len().checked_sub(1)? / 2;
    let (_, low, above) = slopes.select_nth_unstable_by(middle, f64::total_cmp);
    let low = *low;
    if (points.len() * (points.len() - 1) / 2).is_multiple_of(2) {
        let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
        Some(f64::midpoint(low, high))
    } else {
        Some(low)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// Points without ties whose S is `s`: a rising run with the last points moved to the front.
    fn with_s(n: usize, s: isize) -> Vec<f64> {
        let mut points: Vec<f64> = (0..n).map(|i| i as f64).collect();
        let mut falling = (n * (n - 1) / 2).saturating_add_signed(-s) / 2;
        for i in (1..n).rev() {
            let step = falling.min(i);
            points[i - step..=i].rotate_right(1);
            falling -= step;
        }
        points
    }

    /// Gilbert (1987), table A18: upper tail of S.
    #[rstest]
    #[case(4, 6, 0.042)]
    #[case(5, 8, 0.042)]
    #[case(5, 10, 0.0083)]
    #[case(6, 15, 0.0014)]
    #[case(8, 16, 0.031)]
    #[case(8, 18, 0.016)]
    #[case(9, 18, 0.038)]
    #[case(10, 21, 0.036)]
    #[case(10, 25, 0.014)]
    fn published_tails(#[case] n: usize, #[case] s: isize, #[case] p: f64) {
        let found = mann_kendall(&with_s(n, s));
        assert!((found - p).abs() < 0.05 * p + 0.0005, "n {n} S {s}: {found} for {p}");
    }

    /// Every arrangement of `values`, counted one by one.
    fn by_enumeration(values: &[f64]) -> f64 {
        fn s(points: &[f64]) -> isize {
            (0..points.len())
                .flat_map(|i| (i + 1..points.len()).map(move |j| (i, j)))
                .map(|(i, j)| {
                    isize::from(points[j] > points[i]) - isize::from(points[j] < points[i])
                })
                .sum()
        }
        fn visit(
            rest: &mut Vec<f64>,
            done: &mut Vec<f64>,
            least: isize,
            hits: &mut u64,
            all: &mut u64,
        ) {
            if rest.is_empty() {
                *all += 1;
                *hits += u64::from(s(done) >= least);
            }
            for at in 0..rest.len() {
                let value = rest.remove(at);
                done.push(value);
                visit(rest, done, least, hits, all);
                done.pop();
                rest.insert(at, value);
            }
        }
        let (mut hits, mut all) = (0, 0);
        visit(&mut values.to_vec(), &mut Vec::new(), s(values), &mut hits, &mut all);
        hits as f64 / all as f64
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn ties_are_counted_exactly(values in prop::collection::vec(0u8..4, 1..8)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            prop_assert!((mann_kendall(&values) - by_enumeration(&values)).abs() < 1e-12);
        }

        #[test]
        fn the_approximation_meets_the_count_where_they_join(values in prop::collection::vec(0u8..30, COUNTED)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let groups = sizes_of_equal_groups(&values);
            let s = (0..values.len())
                .flat_map(|i| (i + 1..values.len()).map(move |j| (i, j)))
                .map(|(i, j)| isize::from(values[j] > values[i]) - isize::from(values[j] < values[i]))
                .sum();
            prop_assume!(s > 0);
            let (exact, near) = (counted(s, COUNTED, &groups), normal(s, COUNTED, &groups));
            prop_assert!((exact - near).abs() < 0.02, "{exact} {near}");
        }
    }

    #[test]
    fn constant_points_have_no_trend() {
        assert!((mann_kendall(&[3.0; 6]) - 1.0).abs() < 1e-12);
        assert!((mann_kendall(&[3.0; 40]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_normal_tail_is_the_published_one() {
        for (z, p) in [(0.0, 0.5), (1.644_853_6, 0.05), (2.326_347_9, 0.01), (-1.0, 0.841_344_75)] {
            assert!((upper_tail(z) - p).abs() < 1e-7, "{z}");
        }
    }

    #[test]
    fn one_burst_does_not_move_the_slope() {
        let mut points: Vec<f64> = (0..20).map(|i| 2.0 * f64::from(i)).collect();
        points[7] = 10_000.0;
        assert!((theil_sen(&points).unwrap() - 2.0).abs() < 1e-9);
    }

    #[rstest]
    #[case(&[], None)]
    #[case(&[1.0], None)]
    #[case(&[1.0, 4.0], Some(3.0))]
    // Slopes 1, 1, 1, 3, 4, 7: the median lies between two.
    #[case(&[0.0, 1.0, 2.0, 9.0], Some(2.0))]
    #[case(&[5.0, 4.0, 3.0], Some(-1.0))]
    fn slopes(#[case] points: &[f64], #[case] slope: Option<f64>) {
        assert_eq!(theil_sen(points), slope);
    }
}
