//! Facts as JSON, for `list` and `show`: the same keys as in `stranded.report.v1`, seconds for
//! durations, and
//! `null` for what is unknown.

use std::time::Duration;

use serde_json::{Value, json};
use stranded_analysis::Model;
use stranded_analysis::facts::{
    Cluster, ParkStack, Registration, SiteFacts, SpawnSite, StackId, TaskFacts, WakeSource,
};

use crate::app::Picture;

/// The whole answer, with the target and how complete it is.
pub(super) fn document(schema: &str, picture: &Picture, key: &str, content: &Value) -> String {
    let model = &picture.model;
    let target = model.target().map(|target| {
        json!({
            "name": target.name,
            "pid": target.pid,
            "boot": model.boot().map(|boot| boot.to_string()),
            "agent": target.agent_version,
            "caps": target.caps.iter().map(|cap| cap.name()).collect::<Vec<_>>(),
            "tracked": model.gauges().map(|gauges| gauges.tracked),
            "alive": model.gauges().and_then(|gauges| gauges.alive),
        })
    });
    let reasons = picture.report.as_ref().map(|report| report.reasons.clone()).unwrap_or_default();
    let document = json!({ "schema": schema, "target": target, "reasons": reasons, key: content });
    format!("{document:#}\n")
}

pub(super) fn seconds(span: Duration) -> f64 {
    span.as_secs_f64()
}

pub(super) fn place(site: &SpawnSite) -> Value {
    json!({
        "file": site.file,
        "line": site.line,
        "column": site.column,
        "name": site.name,
        "kind": site.kind.name(),
    })
}

pub(super) fn site(site: &SiteFacts, picture: &Picture) -> Value {
    let at = picture.at();
    let finding = picture
        .report
        .as_ref()
        .and_then(|report| report.findings.iter().find(|finding| finding.site_id == site.id));
    json!({
        "site": place(&site.site),
        "rule": finding.map(|finding| finding.rule.0),
        "class": finding.map(|finding| finding.class.name()),
        "acknowledged": finding
            .and_then(|finding| finding.acknowledged.as_ref())
            .map(|acknowledged| acknowledged.reason.as_str()),
        "live": site.live,
        "spawned": site.spawned,
        "returned": site.returned,
        "cancelled": site.cancelled,
        "panicked": site.panicked,
        "p50_s": site.lifetimes.quantile(0.5).map(seconds),
        "p99_s": site.lifetimes.quantile(0.99).map(seconds),
        "waits": site.clusters.iter().map(|cluster| waits(cluster, picture)).collect::<Vec<_>>(),
        "first_spawn_s": seconds(at.since(site.first_spawn)),
        "last_spawn_s": seconds(at.since(site.last_spawn)),
    })
}

fn waits(cluster: &Cluster, picture: &Picture) -> Value {
    let at = picture.at();
    json!({
        "parked": cluster.parked,
        "oldest_s": seconds(at.since(cluster.oldest_spawned)),
        "parked_s": seconds(at.since(cluster.oldest_parked)),
        "zero_wakers": cluster.zero_wakers,
        "park": parks(cluster.stacks.iter().copied(), &picture.model),
        "examples": cluster.examples.iter().map(|task| task.0).collect::<Vec<_>>(),
    })
}

/// Of a `select!` there are two.
fn parks(stacks: impl Iterator<Item = StackId>, model: &Model) -> Vec<Value> {
    stacks.filter_map(|id| model.stack(id)).map(park).collect()
}

fn park(stack: &ParkStack) -> Value {
    let frame = stack.park_frame();
    json!({
        "kind": stack.wait.as_ref().map(|wait| wait.code()),
        "file": frame.and_then(|frame| frame.file.as_deref()),
        "line": frame.and_then(|frame| frame.line),
        "function": frame.map(|frame| frame.function.as_str()),
    })
}

/// One task as a row: without its stacks.
pub(super) fn task(task: &TaskFacts, picture: &Picture) -> Value {
    let at = picture.at();
    json!({
        "task": task.id.0,
        "tokio_id": task.tokio_id,
        "name": task.name,
        "site": picture.model.site(task.site).map(|facts| place(&facts.site)),
        "state": task.state.name(),
        "age_s": seconds(at.since(task.spawned)),
        "parked_s": task.parked_since.map(|since| seconds(at.since(since))),
        "polls": task.polls,
        "busy_s": seconds(task.busy),
        "scheduled_s": seconds(task.scheduled),
        "wakers": task.wakers.map(|wakers| wakers.live),
        "clones": task.wakers.map(|wakers| wakers.clones),
        "drops": task.wakers.map(|wakers| wakers.drops),
        "wakes": task.wakers.map(|wakers| wakers.wakes),
        "self_wakes": task.wakers.map(|wakers| wakers.self_wakes),
        "last_wake_s": task.last_wake.map(|wake| seconds(at.since(wake.at))),
        "last_wake_by": task.last_wake.map(|wake| waker(wake.by)),
        "spawner": task.spawner.map(|spawner| spawner.0),
        "spawner_alive": task.spawner_alive,
        "scope": task.scope.as_ref().map(|scope| json!({
            "name": scope.name,
            "ended_s": scope.ended.map(|ended| seconds(at.since(ended))),
        })),
        "future_bytes": task.future_bytes,
        "park": parks(task.registrations.iter().map(|at| at.stack), &picture.model),
    })
}

fn waker(by: WakeSource) -> Value {
    match by {
        WakeSource::Task(id, _) => json!({ "kind": "task", "task": id.0 }),
        WakeSource::Driver => json!({ "kind": "driver" }),
        WakeSource::Thread => json!({ "kind": "thread" }),
        WakeSource::Unknown => Value::Null,
    }
}

/// Where a task waits: every call, leaf first.
pub(super) fn stacks(registrations: &[Registration], model: &Model) -> Vec<Value> {
    registrations
        .iter()
        .filter_map(|at| Some((at, model.stack(at.stack)?)))
        .map(|(at, stack)| {
            json!({
                "poll": at.poll,
                "kind": stack.wait.as_ref().map(|wait| wait.code()),
                "park": stack.park,
                "frames": stack.frames.iter().map(|frame| json!({
                    "function": frame.function,
                    "file": frame.file,
                    "line": frame.line,
                    "user": frame.user,
                })).collect::<Vec<_>>(),
            })
        })
        .collect()
}
