//! Updates.

use stranded_analysis::facts::{BootId, EndedTask, Moment, ResourceId, TaskId, Update, Window};

use super::{DecodeError, bound, read};
use crate::limits::{MAX_ITEMS, MAX_ROWS, MAX_SENTENCE_BYTES};
use crate::v1;

/// As one message, however large; [`crate::split()`] bounds it.
impl From<&Update> for v1::Update {
    fn from(update: &Update) -> Self {
        Self {
            boot: update.boot.0,
            seq: update.seq,
            at_ns: update.at.0,
            complete: update.complete,
            target: update.target.as_ref().map(v1::TargetInfo::from),
            gauges: update.gauges.as_ref().map(v1::Gauges::from),
            sites: update.sites.iter().map(v1::Site::from).collect(),
            tasks: update.tasks.iter().map(v1::Task::from).collect(),
            ended: update.ended.iter().map(v1::EndedTask::from).collect(),
            window: update.window.as_ref().map(v1::Window::from),
            stacks: update.stacks.iter().map(v1::Stack::from).collect(),
            resources: update.resources.iter().map(v1::Resource::from).collect(),
            resources_gone: update.resources_gone.iter().map(|resource| resource.0).collect(),
            waiting: update.waiting.iter().map(v1::WaitingTask::from).collect(),
            waiting_gone: update.waiting_gone.iter().map(|task| task.0).collect(),
            activity: update.activity.as_ref().map(v1::Activity::from),
        }
    }
}

impl TryFrom<v1::Update> for Update {
    type Error = DecodeError;

    fn try_from(wire: v1::Update) -> Result<Self, DecodeError> {
        Ok(Self {
            complete: wire.complete,
            target: read::optional(wire.target, "target")?,
            gauges: read::optional(wire.gauges, "gauges")?,
            sites: read::each(wire.sites, "sites", MAX_ITEMS)?,
            tasks: read::each(wire.tasks, "tasks", MAX_ITEMS)?,
            ended: read::each(wire.ended, "ended", MAX_ITEMS)?,
            window: read::optional(wire.window, "window")?,
            stacks: read::each(wire.stacks, "stacks", MAX_ITEMS)?,
            resources: read::each(wire.resources, "resources", MAX_ITEMS)?,
            resources_gone: read::at_most(wire.resources_gone, "resources_gone", MAX_ITEMS)?
                .into_iter()
                .map(ResourceId)
                .collect(),
            waiting: read::each(wire.waiting, "waiting", MAX_ITEMS)?,
            waiting_gone: read::at_most(wire.waiting_gone, "waiting_gone", MAX_ITEMS)?
                .into_iter()
                .map(TaskId)
                .collect(),
            activity: read::optional(wire.activity, "activity")?,
            boot: BootId(wire.boot),
            seq: wire.seq,
            at: Moment(wire.at_ns),
        })
    }
}

impl From<&EndedTask> for v1::EndedTask {
    fn from(task: &EndedTask) -> Self {
        Self { id: task.id.0, ending: v1::Ending::from(task.ending).into(), at_ns: task.at.0 }
    }
}

impl TryFrom<v1::EndedTask> for EndedTask {
    type Error = DecodeError;

    fn try_from(wire: v1::EndedTask) -> Result<Self, DecodeError> {
        Ok(Self { id: TaskId(wire.id), ending: wire.ending().into(), at: Moment(wire.at_ns) })
    }
}

/// Rows beyond the bound are left out; `matched` still counts them.
impl From<&Window> for v1::Window {
    fn from(window: &Window) -> Self {
        Self {
            rows: bound::list(&window.rows, MAX_ROWS).0.iter().map(|task| task.0).collect(),
            matched: bound::count(window.matched),
            query_error: window
                .query_error
                .as_deref()
                .map(|error| bound::text(error, MAX_SENTENCE_BYTES)),
        }
    }
}

impl TryFrom<v1::Window> for Window {
    type Error = DecodeError;

    fn try_from(wire: v1::Window) -> Result<Self, DecodeError> {
        Ok(Self {
            rows: read::at_most(wire.rows, "rows", MAX_ROWS)?.into_iter().map(TaskId).collect(),
            matched: read::count(wire.matched, "matched")?,
            query_error: read::optional_text(wire.query_error, "query_error", MAX_SENTENCE_BYTES)?,
        })
    }
}
