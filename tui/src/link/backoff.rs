//! The delays between attempts to connect.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// The shortest delay.
const FIRST: Duration = Duration::from_millis(200);
/// The longest delay.
const LONGEST: Duration = Duration::from_secs(5);

/// From a fifth of a second to five seconds, doubled each time and jittered, without end.
///
/// Jitter spreads viewers that lost the same target at the same moment. It adds up to as much
/// again, hence the halved ceiling.
pub(super) fn delays() -> impl Iterator<Item = Duration> + Send {
    ExponentialBuilder::new()
        .with_min_delay(FIRST)
        .with_max_delay(LONGEST / 2)
        .without_max_times()
        .with_jitter()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_start_short_stay_bounded_and_never_end() {
        let delays: Vec<_> = delays().take(1_000).collect();
        assert_eq!(delays.len(), 1_000);
        assert!(delays[0] >= FIRST && delays[0] <= 2 * FIRST, "{:?}", delays[0]);
        assert!(delays.iter().all(|&delay| (FIRST..=LONGEST).contains(&delay)));
        assert!(delays[10..].iter().all(|&delay| delay >= LONGEST / 2), "it backs off");
        let distinct: std::collections::HashSet<_> = delays[10..].iter().collect();
        assert!(distinct.len() > 900, "and is jittered: {} distinct delays", distinct.len());
    }
}
