//! Who could end a wait for a resource.
//!
//! `None` means that it is not known, or that no task's doing is needed: then whoever waits is live.

use super::Tie;
use super::graph::Ends;
use crate::facts::{
    Cap, Hold, Holder, Moment, ResourceFacts, ResourceKind, ResourceState, Side, SiteId, TaskId,
    TaskRef,
};
use crate::model::Model;

/// The tasks of which one has to do something before a wait for `resource` can end; `queue`: all that wait for it, as
/// far as known.
pub(super) fn ends(
    resource: &ResourceFacts,
    wants: Hold,
    queue: &[(TaskId, Hold)],
    model: &Model,
) -> Option<Ends> {
    match resource.kind {
        ResourceKind::Mutex | ResourceKind::RwLock | ResourceKind::OnceCell => {
            of_lock(resource, wants, queue, model)
        }
        ResourceKind::Mpsc
        | ResourceKind::Broadcast
        | ResourceKind::Watch
        | ResourceKind::Oneshot => of_channel(resource, wants, model),
        // Time passes; permits come from anywhere; whoever shares a `Notify` or a parent of a token is not on record.
        ResourceKind::Semaphore
        | ResourceKind::ChannelRoom
        | ResourceKind::Barrier
        | ResourceKind::Sleep
        | ResourceKind::Interval
        | ResourceKind::Notify
        | ResourceKind::Token
        | ResourceKind::Unknown => None,
    }
}

fn of_lock(
    resource: &ResourceFacts,
    wants: Hold,
    queue: &[(TaskId, Hold)],
    model: &Model,
) -> Option<Ends> {
    let (held_alone, readers) = held(resource, wants)?;
    let on_record = |hold: fn(Hold) -> bool| {
        resource.holders.iter().filter(|holder| hold(holder.hold)).count() as u64
    };
    let complete = resource.unknown_holders == 0
        && on_record(|hold| hold != Hold::Shared) == u64::from(held_alone)
        && on_record(|hold| hold == Hold::Shared) == readers;
    if !complete {
        return None;
    }
    let mut by: Vec<(TaskId, Tie)> = Vec::new();
    // Whoever begins to fill a cell does so in a future of its own, which can go anywhere.
    let mut doubt = resource.created_by.is_none() || resource.kind == ResourceKind::OnceCell;
    for grant in &resource.granted {
        let task = alive(grant.task)?;
        by.push((task, Tie::Granted));
        doubt |= may_have_passed_on(task, None, model);
    }
    if wants == Hold::Shared && !held_alone {
        // Readers do not bar readers: a writer that waits before them does, be it only until it leaves the queue.
        // That its own wait ends is up to the readers, so they need no edge here.
        if queue.len() as u64 != resource.waiting {
            return None;
        }
        let writers = queue.iter().filter(|(_, wants)| *wants == Hold::Exclusive);
        by.extend(writers.map(|(task, _)| (*task, Tie::Queued)));
    } else {
        for holder in &resource.holders {
            let task = settled_holder(holder)?;
            by.push((task, Tie::Holds));
            doubt |= may_have_passed_on(task, holder.since, model);
        }
    }
    // Free and granted to nobody: the hand-over is under way.
    (!by.is_empty()).then_some(Ends { by, doubt })
}

/// Whether a task may have passed on what it has had since then; since it began, where that is not known. A guard goes
/// along with the future that took it, if that is moved into another task.
fn may_have_passed_on(task: TaskId, since: Option<Moment>, model: &Model) -> bool {
    let passed_on = model.waiting_task(task).and_then(|task| task.passed_on);
    passed_on.is_some_and(|at| since.is_none_or(|since| since <= at))
}

/// Whether a lock is held by one alone, and by how many readers; `None` if its state does not fit.
fn held(resource: &ResourceFacts, wants: Hold) -> Option<(bool, u64)> {
    match (resource.kind, resource.state, wants) {
        (ResourceKind::Mutex, ResourceState::Locked(locked), Hold::Exclusive) => Some((locked, 0)),
        (
            ResourceKind::RwLock,
            ResourceState::ReadWrite { writer, readers },
            Hold::Exclusive | Hold::Shared,
        ) => (!writer || readers == 0).then_some((writer, readers)),
        // The only permit of a cell belongs to whoever fills it.
        (
            ResourceKind::OnceCell,
            ResourceState::Permits { available: 0, .. },
            Hold::Permits(_) | Hold::Exclusive,
        ) => Some((true, 0)),
        _ => None,
    }
}

fn settled_holder(holder: &Holder) -> Option<TaskId> {
    if holder.movable || holder.hold == Hold::Unknown { None } else { alive(holder.task) }
}

fn alive(task: Option<TaskRef>) -> Option<TaskId> {
    task.filter(|task| task.alive).map(|task| task.id)
}

/// The handles of a wrapped channel. One that was only made may be anywhere by now; one that was used was there then.
fn of_channel(resource: &ResourceFacts, wants: Hold, model: &Model) -> Option<Ends> {
    if !model.target().is_some_and(|target| target.caps.has(Cap::Handles)) {
        return None;
    }
    let (senders, receivers) = match resource.state {
        ResourceState::Channel { senders, receivers, closed: false } => (senders, receivers),
        ResourceState::Oneshot { sent: false, tx_dropped: false, rx_dropped: false } => (1, 1),
        _ => return None,
    };
    let count =
        |side: Side| resource.handles.iter().filter(|handle| handle.side == side).count() as u64;
    let complete = count(Side::Send) == senders
        && count(Side::Receive) == receivers
        && count(Side::Unknown) == 0;
    if !complete || senders == 0 || receivers == 0 {
        return None;
    }
    let mut ends = Ends { by: Vec::new(), doubt: false };
    for handle in &resource.handles {
        // Room comes from receivers, and from senders that give back what they had reserved.
        if wants == Hold::Receive && handle.side == Side::Receive {
            continue;
        }
        if !handle.used || !matches!(wants, Hold::Receive | Hold::Send) {
            return None;
        }
        ends.by.push((alive(handle.task)?, Tie::HasHandle));
        ends.doubt |= handle.moved || may_have_passed_it_on(handle.task, model);
    }
    (!ends.by.is_empty()).then_some(ends)
}

/// Whether a task like this one has live children, into which a handle may have been moved.
fn may_have_passed_it_on(task: Option<TaskRef>, model: &Model) -> bool {
    let Some(site) = task.and_then(|task| task.site) else {
        return true;
    };
    let is_spawner = |by: Option<SiteId>| by == Some(site);
    model
        .sites()
        .flat_map(|other| &other.spawned_by)
        .any(|by| by.live > by.orphans && is_spawner(by.site))
}
