//! The target's clock: nanoseconds since the agent started, cheap enough to read at every wake and poll.

use std::time::{SystemTime, UNIX_EPOCH};

use stranded_analysis::facts::Moment;

/// A monotonic clock on the processor's time stamp counter where that is invariant, as `quanta` decides.
#[derive(Debug)]
pub(crate) struct Clock {
    clock: quanta::Clock,
    start: u64,
    epoch_unix_ns: Option<u64>,
}

impl Clock {
    /// A clock that starts now. Calibrating it may take some milliseconds.
    pub(crate) fn start() -> Self {
        let clock = quanta::Clock::new();
        let start = clock.raw();
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        let epoch_unix_ns = unix.and_then(|since| u64::try_from(since.as_nanos()).ok());
        Self { clock, start, epoch_unix_ns }
    }

    /// The time since the start. Never 0, so that 0 can mean "never" in a slot.
    #[inline]
    pub(crate) fn now(&self) -> Moment {
        Moment(self.clock.delta_as_nanos(self.start, self.clock.raw()).max(1))
    }

    /// Wall-clock time of the start, in nanoseconds since the Unix epoch; for display only.
    pub(crate) fn epoch_unix_ns(&self) -> Option<u64> {
        self.epoch_unix_ns
    }
}
