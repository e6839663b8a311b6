//! Wake reachability word by word, as slowly as it reads: life is spread task by task until nothing changes.

use std::collections::BTreeSet;

use stranded_analysis::facts::{
    Hold, ResourceFacts, ResourceKind, ResourceState, ResourceWait, Side, TaskId, TaskRef,
    TaskState, WaitingTask,
};

use crate::world::World;

/// The tasks that are not live. `proof`: facts that usually hold do not count.
pub(crate) fn stranded(world: &World, proof: bool) -> BTreeSet<TaskId> {
    let mut dead: BTreeSet<TaskId> = world.tasks.iter().map(|task| task.id).collect();
    loop {
        let (world, known) = (World { ..world.clone() }, dead.clone());
        let view = View { world: &world, dead: &known, proof };
        dead.retain(|id| !view.is_live(world.task(*id)));
        if dead == known {
            return dead;
        }
    }
}

struct View<'a> {
    world: &'a World,
    dead: &'a BTreeSet<TaskId>,
    proof: bool,
}

impl View<'_> {
    fn is_live(&self, task: &WaitingTask) -> bool {
        let (TaskState::Parked, Some(_), Some(wakers)) =
            (task.state, task.settled_since, task.wakers)
        else {
            return true;
        };
        let known = task.waits.len() as u64;
        if task.waits.iter().any(|wait| self.may_end(wait)) {
            return true;
        }
        match wakers.checked_sub(known) {
            Some(0) => false,
            // The waker in a join handle of its only child.
            Some(1) => {
                let current = task.registrations.first().is_some_and(|at| at.poll == task.polls);
                let child = task.only_child.filter(|_| current && !self.proof);
                child.is_none_or(|child| !self.dead.contains(&child))
            }
            // One in something unseen; or fewer than there are waits, so one wait is not what it seems.
            _ => true,
        }
    }

    fn may_end(&self, wait: &ResourceWait) -> bool {
        let Some(resource) = self.world.resources.iter().find(|facts| facts.id == wait.resource)
        else {
            return true;
        };
        match resource.kind {
            ResourceKind::Mutex | ResourceKind::RwLock | ResourceKind::OnceCell => {
                self.lock_may_come(resource, wait.wants)
            }
            ResourceKind::Mpsc => self.channel_may_wake(resource, wait.wants),
            _ => true,
        }
    }

    fn lock_may_come(&self, lock: &ResourceFacts, wants: Hold) -> bool {
        let held = match lock.state {
            ResourceState::Locked(locked) => usize::from(locked),
            ResourceState::ReadWrite { writer, readers } => usize::from(writer) + readers as usize,
            _ => 1,
        };
        let on_record = lock.unknown_holders == 0 && lock.holders.len() == held;
        let sure = lock.created_by.is_some() && lock.kind != ResourceKind::OnceCell;
        if !on_record || (self.proof && !(sure && self.stays(lock))) {
            return true;
        }
        if lock.granted.iter().any(|grant| self.may_act(grant.task)) {
            return true;
        }
        if lock.holders.is_empty() && lock.granted.is_empty() {
            return true;
        }
        let reads_beside_readers =
            wants == Hold::Shared && lock.holders.iter().all(|holder| holder.hold == Hold::Shared);
        if !reads_beside_readers {
            return lock.holders.iter().any(|holder| holder.movable || self.may_act(holder.task));
        }
        // What bars a reader from other readers is a writer in the queue.
        let queue: Vec<(&WaitingTask, Hold)> = self
            .world
            .tasks
            .iter()
            .flat_map(|task| task.waits.iter().map(move |wait| (task, wait)))
            .filter(|(_, wait)| wait.resource == lock.id)
            .map(|(task, wait)| (task, wait.wants))
            .collect();
        let mut writers = queue.iter().filter(|(_, wants)| *wants == Hold::Exclusive).peekable();
        queue.len() as u64 != lock.waiting
            || (writers.peek().is_none() && lock.granted.is_empty())
            || writers.any(|(task, _)| !self.dead.contains(&task.id))
    }

    /// Whether nobody who has the lock may have passed it on.
    fn stays(&self, lock: &ResourceFacts) -> bool {
        let passed_on = |task: Option<TaskRef>| {
            let task = task.filter(|task| self.world.tasks.iter().any(|it| it.id == task.id))?;
            self.world.task(task.id).passed_on
        };
        lock.granted.iter().all(|grant| passed_on(grant.task).is_none())
            && lock.holders.iter().all(|holder| {
                passed_on(holder.task).is_none_or(|at| holder.since.is_some_and(|since| at < since))
            })
    }

    fn channel_may_wake(&self, channel: &ResourceFacts, wants: Hold) -> bool {
        let ResourceState::Channel { senders, receivers, closed } = channel.state else {
            return true;
        };
        if closed || senders == 0 || receivers == 0 {
            return true;
        }
        let others = channel
            .handles
            .iter()
            .filter(|handle| wants == Hold::Send || handle.side == Side::Send);
        others.clone().any(|handle| !handle.used || self.may_act(handle.task))
            || (self.proof && others.clone().any(|handle| handle.moved))
    }

    fn may_act(&self, task: Option<TaskRef>) -> bool {
        task.is_none_or(|task| !task.alive || !self.dead.contains(&task.id))
    }
}
