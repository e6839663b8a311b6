//! What the functions of Tokio and its relatives wait for.
//!
//! A stack is read from its leaf outward. The first row that fits says what the task waits for; a later
//! row that lists this wait under *instead of* says it better, because primitives are built from each
//! other: `Mutex::lock` waits through a semaphore, `watch` through `Notify`, a pipe through an I/O source.
//!
//! The rows hold for the versions of Tokio that the tests of this module run against.

use stranded_analysis::facts::Wait::{self, *};

/// One row.
pub(super) struct Row {
    /// The module, its submodules included.
    pub(super) module: &'static str,
    /// The function, with its type where others of the module share its name, or with the beginning of
    /// its type arguments; `*`: any.
    pub(super) function: &'static str,
    /// What it waits for.
    pub(super) wait: Wait,
    /// The waits of functions within it that this row makes more precise. Empty: the row is a first one.
    pub(super) instead_of: &'static [Wait],
}

const fn first(module: &'static str, function: &'static str, wait: Wait) -> Row {
    Row { module, function, wait, instead_of: &[] }
}

const fn within(
    module: &'static str,
    function: &'static str,
    wait: Wait,
    instead_of: &'static [Wait],
) -> Row {
    Row { module, function, wait, instead_of }
}

/// The rows, grouped by primitive.
#[rustfmt::skip]
pub(super) const TABLE: &[Row] = &[
    // A task that has used up its budget is put back wherever it is, unless it asked for that.
    first("tokio::task::coop", "poll_proceed", Budget),
    first("tokio::task::coop", "register_waker", Budget),
    within("tokio::task::coop", "consume_budget", Yield, &[Budget]),
    first("tokio::task::yield_now", "*", Yield),

    // Channels and notifications.
    first("tokio::sync::mpsc::chan", "Rx::recv", MpscRecv),
    first("tokio::sync::mpsc::chan", "Rx::recv_many", MpscRecv),
    first("tokio::sync::oneshot", "Receiver::poll", OneshotRecv),
    first("tokio::sync::oneshot", "Inner::poll_recv", OneshotRecv),
    first("tokio::sync::oneshot", "Sender::poll_closed", OneshotClosed),
    first("tokio::sync::broadcast", "Receiver::recv_ref", BroadcastRecv),
    first("tokio::sync::broadcast", "Recv::poll", BroadcastRecv),
    first("tokio::sync::notify", "*", Notify),
    within("tokio::sync::mpsc::chan", "*", MpscClosed, &[Notify]),
    within("tokio::sync::watch", "changed_impl", WatchChanged, &[Notify]),
    within("tokio::sync::watch", "Receiver::changed", WatchChanged, &[Notify]),
    within("tokio::sync::watch", "wait_for_inner", WatchChanged, &[Notify]),
    within("tokio::sync::watch", "Receiver::wait_for", WatchChanged, &[Notify]),
    within("tokio::sync::watch", "Sender::closed", WatchClosed, &[Notify]),
    within("tokio::sync::set_once", "*", SetOnce, &[Notify]),
    within("tokio::sync::barrier", "*", Barrier, &[Notify, WatchChanged]),
    within("tokio_util::sync::cancellation_token", "*", Cancelled, &[Notify]),
    within("tokio_util::task::task_tracker", "*", TaskTracker, &[Notify]),
    first("futures_channel::oneshot", "*", FuturesOneshot),
    first("futures_channel::mpsc", "*", FuturesMpsc),

    // Locks and permits.
    first("tokio::sync::batch_semaphore", "*", Semaphore),
    within("tokio::sync::mpsc::bounded", "*", MpscSend, &[Semaphore]),
    within("tokio::sync::mutex", "*", Mutex, &[Semaphore]),
    within("tokio::sync::rwlock", "read", RwLockRead, &[Semaphore]),
    within("tokio::sync::rwlock", "read_owned", RwLockRead, &[Semaphore]),
    within("tokio::sync::rwlock", "write", RwLockWrite, &[Semaphore]),
    within("tokio::sync::rwlock", "write_owned", RwLockWrite, &[Semaphore]),
    within("tokio::sync::once_cell", "*", OnceCell, &[Semaphore]),
    first("futures_util::lock::mutex", "*", Mutex),

    // Timers.
    first("tokio::time::sleep", "*", Sleep),
    within("tokio::time::interval", "*", Interval, &[Sleep]),
    within("tokio::time::timeout", "*", Timeout, &[Sleep]),

    // Sockets, pipes, signals. `readable`, `writable`, `ready` and `async_io` stay plain readiness.
    first("tokio::runtime::io::scheduled_io", "*", IoReady),
    first("tokio::runtime::io::registration", "*", IoReady),
    within("tokio::net::tcp::listener", "*", Accept, &[IoReady]),
    within("tokio::net::unix::listener", "*", Accept, &[IoReady]),
    within("tokio::net::tcp::stream", "poll_read_priv", TcpRead, &[IoReady]),
    within("tokio::net::tcp::stream", "poll_peek", TcpRead, &[IoReady]),
    within("tokio::net::tcp::stream", "peek", TcpRead, &[IoReady]),
    within("tokio::net::tcp::stream", "poll_write_priv", TcpWrite, &[IoReady]),
    within("tokio::net::tcp::stream", "poll_write_vectored_priv", TcpWrite, &[IoReady]),
    within("tokio::net::tcp::stream", "connect_mio", TcpConnect, &[IoReady]),
    // The functions that forward to these are often jumped out of, and then not on the stack.
    within("tokio::io::poll_evented", "poll_read<mio::net::tcp::", TcpRead, &[IoReady]),
    within("tokio::io::poll_evented", "poll_write<mio::net::tcp::", TcpWrite, &[IoReady]),
    within("tokio::io::poll_evented", "poll_read<mio::net::uds::", UnixRead, &[IoReady]),
    within("tokio::io::poll_evented", "poll_write<mio::net::uds::", UnixWrite, &[IoReady]),
    within("tokio::io::poll_evented", "poll_read<mio::sys::unix::pipe::", Pipe, &[IoReady]),
    within("tokio::io::poll_evented", "poll_write<mio::sys::unix::pipe::", Pipe, &[IoReady]),
    within("tokio::net::udp", "*", Udp, &[IoReady]),
    within("tokio::net::unix::stream", "poll_read_priv", UnixRead, &[IoReady]),
    within("tokio::net::unix::stream", "poll_write_priv", UnixWrite, &[IoReady]),
    within("tokio::net::unix::stream", "poll_write_vectored_priv", UnixWrite, &[IoReady]),
    within("tokio::net::unix::datagram", "recv", UnixRead, &[IoReady]),
    within("tokio::net::unix::datagram", "recv_from", UnixRead, &[IoReady]),
    within("tokio::net::unix::datagram", "send", UnixWrite, &[IoReady]),
    within("tokio::net::unix::datagram", "send_to", UnixWrite, &[IoReady]),
    within("tokio::net::unix::pipe", "*", Pipe, &[IoReady]),
    within("tokio::process", "poll_read", Pipe, &[IoReady]),
    within("tokio::process", "poll_write", Pipe, &[IoReady]),
    within("tokio::process", "poll", Child, &[IoReady, Signal]),
    within("tokio::signal", "*", Signal, &[WatchChanged, Notify]),
    first("tokio::io::util::mem", "*", Duplex),
    first("tokio_util::io::simplex", "*", Duplex),

    // Other tasks and threads.
    first("tokio::runtime::task::join", "*", JoinHandle),
    first("tokio::task::join_set", "*", JoinSet),
    within("tokio::fs", "*", File, &[JoinHandle]),
    within("tokio::io::blocking", "*", File, &[JoinHandle]),
    within("tokio::net::addr", "*", Dns, &[JoinHandle]),

    // Sets of futures that hold the waker of their task.
    first("tokio::task::local", "*", LocalSet),
    first("futures_util::stream::futures_unordered", "*", FuturesUnordered),
    first("futures_util::future::future::shared", "*", Shared),
];
