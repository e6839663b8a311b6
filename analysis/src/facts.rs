//! What a source knows of a target: plain data, no behaviour beyond reading it.
//!
//! Unknown is `None`, never 0. Every time is a [`Moment`] of the target's own clock.

mod moment;
mod site;
mod stack;
mod target;
mod task;
mod update;
mod view;
mod wait;

pub use moment::Moment;
pub use site::{
    Bin, Cluster, History, Outlived, SiteFacts, SiteId, SpawnSite, SpawnedBy, TaskKind,
};
pub use stack::{Frame, ParkStack, StackId};
pub use target::{BootId, Cap, Caps, Gauges, Instrumentation, Source, StackCapture, TargetInfo};
pub use task::{
    Ending, Registration, Scope, TaskFacts, TaskId, TaskState, Wake, WakeSource, Wakers,
};
pub use update::{EndedTask, Update, Window};
pub use view::{Sort, TaskColumn, View};
pub use wait::{Wait, WaitClass};
