//! What a source knows of a target: plain data, no behaviour beyond reading it.
//!
//! Unknown is `None`, never 0. Every time is a [`Moment`] of the target's own clock.

mod activity;
mod moment;
mod resource;
mod site;
mod stack;
mod target;
mod task;
mod update;
mod view;
mod wait;
mod waiting;

pub use activity::{Activity, LongPoll, SpinningTask, UnpolledTask, Worker, WorkerId};
pub use moment::Moment;
pub use resource::{
    Grant, Handle, Hold, Holder, Place, ResourceFacts, ResourceId, ResourceKind, ResourceState,
    Side, TaskRef,
};
pub use site::{
    Bin, CancelSeen, Cancelled, Cluster, History, Outlived, ResourceCount, SiteFacts, SiteId,
    SpawnSite, SpawnedBy, StackCount, TaskKind, Timers, Zombies,
};
pub use stack::{Frame, ParkStack, StackId};
pub use target::{
    BlockingPool, BootId, Cap, Caps, Gauges, Instrumentation, ResourceTracking, Source,
    StackCapture, TargetInfo,
};
pub use task::{
    Ending, Registration, Scope, TaskFacts, TaskId, TaskState, Wake, WakeSource, Wakers,
};
pub use update::{EndedTask, Update, Window};
pub use view::{Sort, TaskColumn, View};
pub use wait::{Wait, WaitClass};
pub use waiting::{ResourceWait, WaitingTask};
