//! Customers whose requests run into the faults of the service.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::call::Caller;
use crate::demo::leaks::Leak;
use crate::demo::truth::{Site, Task};

static TROUBLEMAKER: Site = Site::healthy("troublemaker");

/// Sends in one for each leak.
pub(super) fn start(service: SocketAddr, leaks: &[&'static Leak], rate: f64) {
    let caller = Caller::of(service);
    for leak in leaks {
        let every = leak.every.div_f64(rate);
        tokio::spawn(provoke(TROUBLEMAKER.task(), caller.clone(), leak, every));
    }
}

async fn provoke(_task: Task, caller: Caller, leak: &'static Leak, every: Duration) {
    let mut pace = interval(every);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 0_u64.. {
        pace.tick().await;
        if leak.site.stuck() >= leak.most {
            continue;
        }
        let path = leak.path.replace("{n}", &number.to_string());
        if leak.hangs_up {
            if let Err(error) = caller.hang_up(&path, Duration::from_millis(200)).await {
                tracing::info!(%error, path, "request failed");
            }
        } else {
            caller.call(&leak.method, &path).await;
        }
    }
}
