//! Threads that poll, and tasks that are not parked and yet do not get on.

use stranded_analysis::facts::{
    Activity, LongPoll, Moment, SiteId, SpinningTask, TaskId, UnpolledTask, Worker, WorkerId,
};

use super::{DecodeError, Fault, bound, read};
use crate::limits::{MAX_SPINNING, MAX_THREAD_NAME_BYTES, MAX_UNPOLLED, MAX_WORKERS};
use crate::v1;

/// Entries beyond the bounds are left out; `unpolled_total` still counts them.
impl From<&Activity> for v1::Activity {
    fn from(activity: &Activity) -> Self {
        Self {
            workers: bound::list(&activity.workers, MAX_WORKERS)
                .0
                .iter()
                .map(v1::Worker::from)
                .collect(),
            unpolled: bound::list(&activity.unpolled, MAX_UNPOLLED)
                .0
                .iter()
                .map(v1::UnpolledTask::from)
                .collect(),
            unpolled_total: bound::count(activity.unpolled_total),
            spinning: bound::list(&activity.spinning, MAX_SPINNING)
                .0
                .iter()
                .map(v1::SpinningTask::from)
                .collect(),
        }
    }
}

impl TryFrom<v1::Activity> for Activity {
    type Error = DecodeError;

    fn try_from(wire: v1::Activity) -> Result<Self, DecodeError> {
        Ok(Self {
            workers: read::each(wire.workers, "workers", MAX_WORKERS)?,
            unpolled: read::at_most(wire.unpolled, "unpolled", MAX_UNPOLLED)?
                .into_iter()
                .map(UnpolledTask::from)
                .collect(),
            unpolled_total: read::count(wire.unpolled_total, "unpolled_total")?,
            spinning: read::each(wire.spinning, "spinning", MAX_SPINNING)?,
        })
    }
}

impl From<&Worker> for v1::Worker {
    fn from(worker: &Worker) -> Self {
        Self {
            id: worker.id.0,
            name: bound::text(&worker.name, MAX_THREAD_NAME_BYTES),
            polling: worker.polling.map(|poll| v1::LongPoll {
                task: poll.task.0,
                site: poll.site.0,
                since_ns: poll.since.0,
            }),
            last_poll_ns: bound::moment(worker.last_poll),
            last_local_poll_ns: bound::moment(worker.last_local_poll),
        }
    }
}

impl TryFrom<v1::Worker> for Worker {
    type Error = DecodeError;

    fn try_from(wire: v1::Worker) -> Result<Self, DecodeError> {
        Ok(Self {
            id: WorkerId(wire.id),
            name: read::text(wire.name, "name", MAX_THREAD_NAME_BYTES)?,
            polling: wire.polling.map(|poll| LongPoll {
                task: TaskId(poll.task),
                site: SiteId(poll.site),
                since: Moment(poll.since_ns),
            }),
            last_poll: read::moment(wire.last_poll_ns),
            last_local_poll: read::moment(wire.last_local_poll_ns),
        })
    }
}

impl From<&UnpolledTask> for v1::UnpolledTask {
    fn from(task: &UnpolledTask) -> Self {
        Self {
            id: task.id.0,
            site: task.site.0,
            woken_ns: task.woken.0,
            woken_on: task.woken_on.map(|worker| worker.0),
            polled_on: task.polled_on.map(|worker| worker.0),
        }
    }
}

impl From<v1::UnpolledTask> for UnpolledTask {
    fn from(wire: v1::UnpolledTask) -> Self {
        Self {
            id: TaskId(wire.id),
            site: SiteId(wire.site),
            woken: Moment(wire.woken_ns),
            woken_on: wire.woken_on.map(WorkerId),
            polled_on: wire.polled_on.map(WorkerId),
        }
    }
}

impl From<&SpinningTask> for v1::SpinningTask {
    fn from(task: &SpinningTask) -> Self {
        Self {
            id: task.id.0,
            site: task.site.0,
            since_ns: task.since.0,
            polls_per_s: within(task.polls_per_s, f64::MAX),
            self_woken: within(task.self_woken, 1.0),
        }
    }
}

/// `value` from 0 up to `most`; 0 where it is not a number.
fn within(value: f64, most: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, most) }
}

impl TryFrom<v1::SpinningTask> for SpinningTask {
    type Error = DecodeError;

    fn try_from(wire: v1::SpinningTask) -> Result<Self, DecodeError> {
        if !(0.0..=f64::MAX).contains(&wire.polls_per_s) {
            return Err(DecodeError::new("polls_per_s", Fault::NotARate));
        }
        if !(0.0..=1.0).contains(&wire.self_woken) {
            return Err(DecodeError::new("self_woken", Fault::NotAShare));
        }
        Ok(Self {
            id: TaskId(wire.id),
            site: SiteId(wire.site),
            since: Moment(wire.since_ns),
            polls_per_s: wire.polls_per_s,
            self_woken: wire.self_woken,
        })
    }
}
