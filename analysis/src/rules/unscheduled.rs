//! P7: tasks that were woken and that nothing can poll.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Charge, Confirms, Opinion, Rule, RuleDoc};
use crate::facts::{Cap, LongPoll, TaskKind, UnpolledTask, Worker, WorkerId};
use crate::report::Class;
use crate::scene::Scene;
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "P7",
        title: "cannot be scheduled",
        class: Class::Proven,
        needs: &[Cap::Activity],
        meaning: "These tasks were woken and want to run, but nothing polls them: the thread that would have to is stuck inside another task's poll, or nobody drives their `LocalSet` any more.",
        condition: "The task was woken (or spawned) 10 s ago and not polled since; and either it is of kind `local` and its thread has polled no local task for 10 s, or the thread that woke it has been inside one poll since before the wake, for 10 s. It must be seen so for 5 s, in which some other task was polled.",
        reason: "A local task is polled by its own thread only, and only by whoever drives the set. A task woken inside a poll waits in its worker's LIFO slot, from which no other worker can take it.",
        example: "Woken 38s ago and not polled since. Worker `tokio-runtime-worker` is inside one poll of #88 (src/parse.rs:12) for 41s; what it woke last waits in a slot that no other worker can take from.",
        fix: "Move the long computation to `spawn_blocking`, or wrap it in `block_in_place`; keep driving the `LocalSet` (`local.await`, `run_until`) until its tasks are done.",
        limits: "It speaks of now: when the poll returns, the tasks run, and the finding is resolved. While the whole process is stopped (a debugger, a suspended laptop) nothing is said.",
        silenced_by: &[],
    },
    condition,
};

/// What keeps a woken task from being polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Obstacle {
    /// Its thread, or the one in whose slot it waits, is inside this poll.
    Poll(WorkerId),
    /// Nobody drives its `LocalSet` on this thread.
    Undriven(WorkerId),
}

fn condition(scene: &Scene<'_>) -> Opinion {
    let mut groups: BTreeMap<Obstacle, Vec<&UnpolledTask>> = BTreeMap::new();
    for task in &scene.model.activity().unpolled {
        let waits = scene.now.since(task.woken);
        let late = task.site == scene.site.id && waits >= scene.policy.unscheduled;
        if let Some(obstacle) = obstacle(scene, task).filter(|_| late) {
            groups.entry(obstacle).or_default().push(task);
        }
    }
    // One row for a site: that of the obstacle with most tasks behind it.
    let most = groups.iter().max_by_key(|(_, tasks)| tasks.len());
    match most {
        Some((obstacle, tasks)) => Opinion::charge(charge(scene, *obstacle, tasks)),
        None => Opinion::default(),
    }
}

fn obstacle(scene: &Scene<'_>, task: &UnpolledTask) -> Option<Obstacle> {
    let stuck = |worker: &Worker| {
        let poll = worker.polling.filter(|poll| poll.since <= task.woken)?;
        (scene.now.since(poll.since) >= scene.policy.unscheduled).then_some(poll)
    };
    if scene.site.site.kind == TaskKind::Local {
        let worker = worker(scene, task.polled_on?)?;
        if stuck(worker).is_some() {
            return Some(Obstacle::Poll(worker.id));
        }
        let driven = worker.last_local_poll?;
        let idle = scene.now.since(driven) >= scene.policy.unscheduled;
        return idle.then_some(Obstacle::Undriven(worker.id));
    }
    let worker = worker(scene, task.woken_on?)?;
    stuck(worker).map(|_| Obstacle::Poll(worker.id))
}

fn worker<'a>(scene: &Scene<'a>, id: WorkerId) -> Option<&'a Worker> {
    scene.model.activity().workers.iter().find(|worker| worker.id == id)
}

fn charge(scene: &Scene<'_>, obstacle: Obstacle, tasks: &[&UnpolledTask]) -> Charge {
    let n = tasks.len() as u64;
    let woken = tasks.iter().map(|task| task.woken).min().unwrap_or(scene.now);
    let waits = scene.now.since(woken);
    let mut evidence = vec![match n {
        1 => format!("Woken {} ago and not polled since.", words::duration(waits)),
        n => format!(
            "{} were woken, the first {} ago, and not polled since.",
            words::counted(n, "task"),
            words::duration(waits)
        ),
    }];
    let behind = match obstacle {
        Obstacle::Poll(id) => worker(scene, id).and_then(|worker| Some((worker, worker.polling?))),
        Obstacle::Undriven(_) => None,
    };
    evidence.extend(match (obstacle, behind) {
        (Obstacle::Poll(_), Some((worker, poll))) => Some(in_one_poll(scene, worker, poll)),
        (Obstacle::Undriven(id), _) => worker(scene, id).map(|worker| undriven(scene, worker)),
        (Obstacle::Poll(_), None) => None,
    });
    Charge {
        affected: n,
        since: woken,
        // A stopped process looks the same for a moment after it goes on.
        confirms: Confirms::After(scene.policy.settle),
        oldest: waits,
        examples: tasks.iter().take(5).map(|task| task.id).collect(),
        evidence,
        clears: "They are polled.".to_owned(),
        ..Charge::of_site(&RULE.doc, scene)
    }
}

fn in_one_poll(scene: &Scene<'_>, worker: &Worker, poll: LongPoll) -> String {
    let site = scene.model.site(poll.site);
    let of = site.map_or_else(String::new, |site| format!(" ({})", words::site(&site.site)));
    let span = words::duration(scene.now.since(poll.since));
    let slot = if scene.site.site.kind == TaskKind::Local {
        "no other thread can poll its local tasks"
    } else {
        "what it woke last waits in a slot that no other worker can take from"
    };
    format!("{} is inside one poll of #{}{of} for {span}; {slot}.", named(worker), poll.task.0)
}

fn undriven(scene: &Scene<'_>, worker: &Worker) -> String {
    let idle = worker.last_local_poll.map_or(Duration::ZERO, |at| scene.now.since(at));
    format!(
        "{} has polled no local task for {}: nobody drives the `LocalSet` there.",
        named(worker),
        words::duration(idle)
    )
}

/// "Thread 3 (`tokio-runtime-worker`)".
fn named(worker: &Worker) -> String {
    match worker.name.as_str() {
        "" => format!("Thread {}", worker.id.0),
        name => format!("Thread {} (`{}`)", worker.id.0, words::printable(name)),
    }
}
