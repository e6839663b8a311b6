//! So many of so many, and how sure that share is.

use std::fmt;
use std::iter::Sum;

/// `part` of `whole`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ratio {
    pub(super) part: u64,
    pub(super) whole: u64,
}

impl Ratio {
    pub(super) fn new(part: u64, whole: u64) -> Self {
        Self { part, whole }
    }

    /// One out of one, or none.
    pub(super) fn once(hit: bool) -> Self {
        Self { part: u64::from(hit), whole: 1 }
    }

    /// The share; `None` of nothing.
    pub(super) fn share(self) -> Option<f64> {
        (self.whole > 0).then(|| self.part as f64 / self.whole as f64)
    }

    /// Wilson's 95 % interval of the share.
    pub(super) fn interval(self) -> Option<(f64, f64)> {
        let share = self.share()?;
        let (n, z) = (self.whole as f64, 1.96_f64);
        let middle = share + z * z / (2.0 * n);
        let reach = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        let norm = 1.0 + z * z / n;
        Some((((middle - reach) / norm).max(0.0), ((middle + reach) / norm).min(1.0)))
    }
}

impl Sum for Ratio {
    fn sum<I: Iterator<Item = Self>>(ratios: I) -> Self {
        ratios.fold(Self::default(), |sum, ratio| Self {
            part: sum.part + ratio.part,
            whole: sum.whole + ratio.whole,
        })
    }
}

/// "97.5 % (39 of 40; 87.1 to 99.6 %)".
impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(share), Some((low, high))) = (self.share(), self.interval()) else {
            return f.write_str("nothing to measure");
        };
        let percent = |share: f64| share * 100.0;
        write!(
            f,
            "{:.1} % ({} of {}; {:.1} to {:.1} %)",
            percent(share),
            self.part,
            self.whole,
            percent(low),
            percent(high)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_read_with_their_interval() {
        assert_eq!(Ratio::new(39, 40).to_string(), "97.5 % (39 of 40; 87.1 to 99.6 %)");
        assert_eq!(Ratio::new(0, 10).to_string(), "0.0 % (0 of 10; 0.0 to 27.8 %)");
        assert_eq!(Ratio::default().to_string(), "nothing to measure");
    }
}
