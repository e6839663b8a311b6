//! The visitors of a program: a steady stream of ordinary ones, and now and then one who meets the fault.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep};

/// How many ordinary visitors come in a second.
const VISITORS: u32 = 10;
/// How long only ordinary visitors come.
const WARM_UP: Duration = Duration::from_secs(2);

/// What a program is given to run with.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// How many visitors in a second meet the fault.
    pub rate: f64,
    /// How many visitors meet it at all.
    pub instances: u64,
}

/// One visitor.
#[derive(Clone, Copy, Debug)]
pub struct Visitor {
    /// Which: counted from 0.
    pub number: u64,
    /// Whether this one takes the path with the fault.
    pub unlucky: bool,
}

impl Stage {
    /// The stream of visitors, which begins now.
    pub fn visitors(&self) -> Visitors {
        let mut ticks = interval(Duration::from_secs(1) / VISITORS);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Visitors {
            ticks,
            number: 0,
            unlucky_left: self.instances,
            pause: Duration::from_secs_f64(1.0 / self.rate),
            next_unlucky: Instant::now() + WARM_UP,
        }
    }
}

/// Visitors, one after another.
#[derive(Debug)]
pub struct Visitors {
    ticks: Interval,
    number: u64,
    unlucky_left: u64,
    pause: Duration,
    next_unlucky: Instant,
}

impl Visitors {
    /// The next one, when it is there.
    pub async fn next(&mut self) -> Visitor {
        let now = self.ticks.tick().await;
        let unlucky = self.unlucky_left > 0 && now >= self.next_unlucky;
        if unlucky {
            self.unlucky_left -= 1;
            self.next_unlucky += self.pause;
        }
        let number = self.number;
        self.number += 1;
        Visitor { number, unlucky }
    }
}

/// What every request does besides: some milliseconds of waiting that differ from one to the next.
pub async fn some_work(number: u64) {
    sleep(Duration::from_millis(2 + number % 17)).await;
}
