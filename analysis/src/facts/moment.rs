//! A point on the target's clock.

use std::time::Duration;

/// Nanoseconds on the target's monotonic clock since its agent started.
///
/// The viewer's clock is never compared with it: two moments of the same boot give an age, a moment
/// and a viewer's `Instant` give nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// The time from `earlier` to here; zero where `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This moment moved `span` into the past, no further than the agent's start.
    pub fn back(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(span)))
    }

    /// This moment moved `span` into the future.
    pub fn forward(self, span: Duration) -> Self {
        Self(self.0.saturating_add(nanos(span)))
    }
}

/// The nanoseconds of `span`, saturating after 584 years.
fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
