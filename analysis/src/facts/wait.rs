//! What a parked task waits for, as the leaf of its park stack tells.

use std::borrow::Cow;
use std::fmt;

/// The group of a [`Wait`]: what the rules ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaitClass {
    /// A message, value or notification from another task.
    Message,
    /// Room in a bounded channel.
    Room,
    /// A lock or permit.
    Lock,
    /// A timer.
    Timer,
    /// Bytes or readiness of a socket, pipe or file.
    Io,
    /// A new connection or a signal: the entrance of a service.
    Entrance,
    /// The end of other tasks or threads.
    Join,
    /// A set of inner futures that holds the task's own waker.
    Set,
    /// Something else.
    Other,
}

impl WaitClass {
    /// The word for it in filters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Room => "room",
            Self::Lock => "lock",
            Self::Timer => "timer",
            Self::Io => "io",
            Self::Entrance => "entrance",
            Self::Join => "join",
            Self::Set => "set",
            Self::Other => "other",
        }
    }
}

macro_rules! waits {
    ($($(#[$doc:meta])* $variant:ident $code:literal $words:literal $class:ident;)*) => {
        /// What a parked task waits for.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Wait {
            $($(#[$doc])* $variant,)*
            /// No known primitive: the function that keeps the waker, as `crate::path`.
            Other(String),
        }

        impl Wait {
            /// Every named wait.
            pub const NAMED: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable code in JSON and on the wire: `mpsc.recv`; `other:crate::path`.
            pub fn code(&self) -> Cow<'static, str> {
                match self {
                    $(Self::$variant => Cow::Borrowed($code),)*
                    Self::Other(path) => Cow::Owned(format!("other:{path}")),
                }
            }

            /// The wait with that code; an unknown code is kept as [`Wait::Other`].
            pub fn from_code(code: &str) -> Self {
                match code {
                    $($code => Self::$variant,)*
                    _ => Self::Other(code.strip_prefix("other:").unwrap_or(code).to_owned()),
                }
            }

            /// The group it belongs to.
            pub fn class(&self) -> WaitClass {
                match self {
                    $(Self::$variant => WaitClass::$class,)*
                    Self::Other(_) => WaitClass::Other,
                }
            }
        }

        /// The words a person reads: "mpsc recv", "other: `crate::path`".
        impl fmt::Display for Wait {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant => f.write_str($words),)*
                    Self::Other(path) => write!(f, "other: `{path}`"),
                }
            }
        }
    };
}

waits! {
    /// `mpsc::Receiver::recv`, bounded or not.
    MpscRecv "mpsc.recv" "mpsc recv" Message;
    /// `mpsc::Sender::send` or `reserve` on a full channel.
    MpscSend "mpsc.send" "mpsc send" Room;
    /// `mpsc::Sender::closed`.
    MpscClosed "mpsc.closed" "mpsc closed" Message;
    /// `oneshot::Receiver`.
    OneshotRecv "oneshot.recv" "oneshot recv" Message;
    /// `oneshot::Sender::closed`.
    OneshotClosed "oneshot.closed" "oneshot closed" Message;
    /// `broadcast::Receiver::recv`.
    BroadcastRecv "broadcast.recv" "broadcast recv" Message;
    /// `watch::Receiver::changed`, `wait_for`.
    WatchChanged "watch.changed" "watch changed" Message;
    /// `watch::Sender::closed`.
    WatchClosed "watch.closed" "watch closed" Message;
    /// `Notify::notified`.
    Notify "notify" "notified" Message;
    /// `CancellationToken::cancelled`.
    Cancelled "token.cancelled" "cancellation token" Message;
    /// `Mutex::lock`.
    Mutex "mutex.lock" "mutex lock" Lock;
    /// `RwLock::read`.
    RwLockRead "rwlock.read" "rwlock read" Lock;
    /// `RwLock::write`.
    RwLockWrite "rwlock.write" "rwlock write" Lock;
    /// `Semaphore::acquire`.
    Semaphore "semaphore.acquire" "semaphore" Lock;
    /// `OnceCell::get_or_init`.
    OnceCell "once_cell" "once cell" Lock;
    /// `SetOnce::wait`.
    SetOnce "set_once" "set once" Message;
    /// `Barrier::wait`.
    Barrier "barrier" "barrier" Message;
    /// `time::sleep`.
    Sleep "sleep" "sleep" Timer;
    /// `Interval::tick`.
    Interval "interval" "interval tick" Timer;
    /// `time::timeout` around something that keeps no waker of its own.
    Timeout "timeout" "timeout" Timer;
    /// `TcpListener::accept`, `UnixListener::accept`.
    Accept "accept" "accept" Entrance;
    /// `signal::ctrl_c`, `Signal::recv`.
    Signal "signal" "signal" Entrance;
    /// `TcpStream` read.
    TcpRead "tcp.read" "tcp read" Io;
    /// `TcpStream` write.
    TcpWrite "tcp.write" "tcp write" Io;
    /// `TcpStream::connect`.
    TcpConnect "tcp.connect" "tcp connect" Io;
    /// `UdpSocket` receive or send.
    Udp "udp" "udp" Io;
    /// `UnixStream` read.
    UnixRead "unix.read" "unix read" Io;
    /// `UnixStream` write.
    UnixWrite "unix.write" "unix write" Io;
    /// A pipe of a child process or a named pipe.
    Pipe "pipe" "pipe" Io;
    /// An operation on a file or on standard input or output, done by a blocking thread.
    File "file" "file" Io;
    /// The lookup of a host name, done by a blocking thread.
    Dns "dns" "dns lookup" Io;
    /// Readiness of any other registered I/O source.
    IoReady "io.ready" "i/o readiness" Io;
    /// `tokio::io::duplex` read or write.
    Duplex "duplex" "duplex pipe" Message;
    /// `process::Child::wait`.
    Child "child" "child process" Join;
    /// A `JoinHandle`.
    JoinHandle "join_handle" "join handle" Join;
    /// `JoinSet::join_next`.
    JoinSet "join_set" "join set" Join;
    /// `TaskTracker::wait`.
    TaskTracker "task_tracker" "task tracker" Join;
    /// A `LocalSet`, or its `run_until`.
    LocalSet "local_set" "local set" Set;
    /// `FuturesUnordered` or `buffer_unordered`.
    FuturesUnordered "futures_unordered" "futures unordered" Set;
    /// `futures::future::Shared`.
    Shared "shared" "shared future" Set;
    /// `futures::channel::oneshot`.
    FuturesOneshot "futures.oneshot" "futures oneshot" Message;
    /// `futures::channel::mpsc`.
    FuturesMpsc "futures.mpsc" "futures mpsc" Message;
    /// `task::yield_now`, `coop::consume_budget`.
    Yield "yield" "yield" Other;
    /// Nothing: its budget was used up, so that it goes on with its next poll.
    Budget "budget" "used-up budget" Other;
}
