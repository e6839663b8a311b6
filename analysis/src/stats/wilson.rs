//! The Wilson score interval of a share.

/// The 97.5th percentile of the standard normal distribution: two sides of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % interval of the probability behind `hits` out of `trials`.
///
/// With p = hits / trials, n = trials: (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n). Unlike the
/// textbook p ± z·√(p(1−p)/n) it stays within 0 to 1 and is honest for few trials and small shares.
/// E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
pub fn wilson(hits: u64, trials: u64) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let n = trials as f64;
    let p = (hits as f64 / n).min(1.0);
    let centre = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (((centre - half) / scale).max(0.0), ((centre + half) / scale).min(1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// Table I of R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics
    /// in Medicine 17 (1998), method 3.
    #[rstest]
    #[case(81, 263, 0.2553, 0.3662)]
    #[case(15, 148, 0.0624, 0.1605)]
    #[case(0, 20, 0.0000, 0.1611)]
    #[case(1, 29, 0.0061, 0.1718)]
    fn published_intervals(
        #[case] hits: u64,
        #[case] trials: u64,
        #[case] low: f64,
        #[case] high: f64,
    ) {
        let (l, h) = wilson(hits, trials);
        assert!((l - low).abs() < 5e-5 && (h - high).abs() < 5e-5, "{l} {h}");
    }

    #[test]
    fn without_trials_everything_is_possible() {
        assert_eq!(wilson(0, 0), (0.0, 1.0));
    }

    proptest! {
        #[test]
        fn the_share_lies_in_its_interval(trials in 1u64..1_000_000, part in 0.0f64..=1.0) {
            let hits = (trials as f64 * part) as u64;
            let (low, high) = wilson(hits, trials);
            let p = hits as f64 / trials as f64;
            prop_assert!(0.0 <= low && low <= p + 1e-12 && p <= high + 1e-12 && high <= 1.0);
        }
    }
}
