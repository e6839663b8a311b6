//! Resources: the locks, channels and timers through which tasks wait for each other.

use super::{Moment, SiteId, TaskId};

/// A resource's number within one boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub u64);

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident $code:literal;)*) => {
        /// What kind of thing a resource is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ResourceKind {
            $($(#[$doc])* $variant,)*
            /// A kind that this build does not know.
            Unknown,
        }

        impl ResourceKind {
            /// Every known kind.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant,)*];

            /// The word for it in JSON, filters and columns.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                    Self::Unknown => "unknown",
                }
            }
        }
    };
}

kinds! {
    /// `sync::Mutex`.
    Mutex "mutex";
    /// `sync::RwLock`.
    RwLock "rwlock";
    /// `sync::Semaphore`.
    Semaphore "semaphore";
    /// `sync::OnceCell`: the semaphore that guards its initialisation.
    OnceCell "once_cell";
    /// The room of a bounded `sync::mpsc` channel: the anonymous semaphore inside it.
    ChannelRoom "channel_room";
    /// `sync::oneshot`.
    Oneshot "oneshot";
    /// `sync::Barrier`.
    Barrier "barrier";
    /// `time::Sleep`.
    Sleep "sleep";
    /// `time::Interval`.
    Interval "interval";
    /// `stranded_server::sync::mpsc`.
    Mpsc "mpsc";
    /// `stranded_server::sync::broadcast`.
    Broadcast "broadcast";
    /// `stranded_server::sync::watch`.
    Watch "watch";
    /// `stranded_server::sync::Notify`.
    Notify "notify";
    /// `stranded_server::sync::CancellationToken`.
    Token "token";
}

/// A place in the source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Source file as the compiler recorded it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1; 0: not told.
    pub column: u32,
}

/// A task that something else refers to: it may have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskRef {
    /// Which.
    pub id: TaskId,
    /// Its site, if still known.
    pub site: Option<SiteId>,
    /// Whether it was alive at the census.
    pub alive: bool,
}

/// One lock, channel or timer that somebody waits for or that a waiting task holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceFacts {
    /// Its number.
    pub id: ResourceId,
    /// What it is.
    pub kind: ResourceKind,
    /// Where it was created; `None`: Tokio does not tell.
    pub place: Option<Place>,
    /// When it was created.
    pub created: Moment,
    /// By which task; `None`: outside any task.
    pub created_by: Option<TaskRef>,
    /// Its state.
    pub state: ResourceState,
    /// Who holds it, as far as known; a bounded number.
    pub holders: Vec<Holder>,
    /// Those who hold it and are not in `holders`: not known, or too many.
    pub unknown_holders: u64,
    /// A hand-over that nobody has taken up; see [`Grant`].
    pub granted: Vec<Grant>,
    /// Its handles; empty unless it is one of the drop-in wrappers.
    pub handles: Vec<Handle>,
    /// Tasks that wait for it.
    pub waiting: u64,
    /// Since when the one that has waited longest waits.
    pub waiting_since: Option<Moment>,
    /// The latest hand-over: taken, given back, sent or received. `None`: never, or not known.
    pub handed_over: Option<Moment>,
    /// The tasks that took it last, latest first; at most four.
    pub last_takers: Vec<TaskRef>,
    /// Live tasks that ever touched it, as far as known.
    pub touched_by: Option<u64>,
}

/// The state of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceState {
    /// A mutex.
    Locked(bool),
    /// A reader-writer lock.
    ReadWrite {
        /// Whether a writer holds it.
        writer: bool,
        /// Readers that hold it.
        readers: u64,
    },
    /// A semaphore, or the room of a channel.
    Permits {
        /// Permits to be had now.
        available: u64,
        /// Permits in all; `None`: not known.
        capacity: Option<u64>,
    },
    /// A barrier.
    Barrier {
        /// Tasks that must arrive.
        size: u64,
        /// Tasks that have.
        arrived: u64,
    },
    /// A oneshot channel.
    Oneshot {
        /// Whether a value was sent.
        sent: bool,
        /// Whether the sender is gone.
        tx_dropped: bool,
        /// Whether the receiver is gone.
        rx_dropped: bool,
    },
    /// A timer.
    Timer {
        /// When it fires next; `None`: not known.
        due: Option<Moment>,
    },
    /// A wrapped channel or token.
    Channel {
        /// Sending handles.
        senders: u64,
        /// Receiving handles.
        receivers: u64,
        /// Whether it is closed or cancelled.
        closed: bool,
    },
    /// Not known.
    Unknown,
}

/// How a resource is held, or wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hold {
    /// Alone: a mutex guard, a write guard.
    Exclusive,
    /// With others: a read guard.
    Shared,
    /// So many permits.
    Permits(u64),
    /// The receiving end waits for the sending one.
    Receive,
    /// The sending end waits for the receiving one.
    Send,
    /// Its time or signal.
    Signal,
    /// A way that this build does not know.
    Unknown,
}

/// Somebody who holds a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The task that took it; `None`: taken outside any task, or not known.
    pub task: Option<TaskRef>,
    /// How.
    pub hold: Hold,
    /// Since when.
    pub since: Option<Moment>,
    /// Whether the guard can be anywhere by now (`_owned`): then the task is where it was taken, not where it is.
    pub movable: bool,
}

/// A lock or permit that was handed to a waiting operation whose task has not polled it since: it keeps its place
/// in the queue, so nobody else gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The task in which the operation was started.
    pub task: Option<TaskRef>,
    /// When it was handed over.
    pub at: Moment,
}

/// Which end of a channel a handle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// It sends, notifies or cancels.
    Send,
    /// It receives or waits.
    Receive,
    /// A side that this build does not know.
    Unknown,
}

/// A handle of a wrapped channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    /// Which end.
    pub side: Side,
    /// The task that made, cloned or last used it; `None`: outside any task.
    pub task: Option<TaskRef>,
    /// Whether that task has used it (sent, received, cloned it) since it was made: one that was only made may have
    /// been moved anywhere, as the reply end of a request usually is.
    pub used: bool,
    /// Whether it was used by one task and later by another: handles in use move here, so the record is a guess. On
    /// its way from the task that made it to the first one that uses it, it has not moved in this sense.
    pub moved: bool,
}
