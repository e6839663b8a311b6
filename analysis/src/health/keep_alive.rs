//! H6: connections that are kept open on purpose.

use super::{HealthDoc, HealthFact, Test};
use crate::facts::Cap;
use crate::park::Crowd;
use crate::pooling::pooling_crate;
use crate::scene::Scene;
use crate::words;

pub(super) const FACT: HealthFact = HealthFact {
    doc: HealthDoc {
        id: "H6",
        title: "keep-alive",
        test: "A stack of at least half of the tasks names a socket, at least 80 % of them were woken by I/O before (or a known pooling crate spawned them), and they are no more than the open sockets of the process.",
        needs: &[Cap::ParkStacks, Cap::WokenBy],
        silences: &["L1", "L2", "L9", "W1"],
        limits: "W1 is silenced because it compares with whole lifetimes, not with idle times of earlier connections. Whether their ages are heavy-tailed is not tested. Where the number of open sockets is unknown it is not compared.",
    },
    test: Test::OfCrowd(test),
    void_by_trend: true,
};

fn test(scene: &Scene<'_>, crowd: &Crowd) -> Option<String> {
    if crowd.io == 0 || (crowd.io as f64) < scene.policy.stack_share * crowd.parked as f64 {
        return None;
    }
    let pooled = pooling_crate(&scene.site.site.file);
    let woken = crowd.woken_by_driver as f64 >= scene.policy.io_woken * crowd.parked as f64;
    let sockets = scene.model.gauges().and_then(|gauges| gauges.open_sockets);
    if !(woken || pooled.is_some()) || sockets.is_some_and(|open| crowd.parked > open) {
        return None;
    }
    let by = pooled.map_or_else(String::new, |name| format!(" of `{name}`"));
    let beside = if crowd.timed > 0 { ", some with an idle timer" } else { "" };
    let among = sockets
        .map_or_else(String::new, |open| format!(", of {}", words::counted(open, "open socket")));
    let on = words::agree(crowd.parked, "a socket", "sockets");
    Some(format!(
        "Keep-alive: {}{by} on {on}{among}{beside}.",
        words::counted(crowd.parked, "task")
    ))
}
