//! Tokio's channels, notifier and cancellation token, with the same API, that also tell the agent which task has
//! which handle, and who waits for whom.
//!
//! ```
//! use stranded_server::sync::{mpsc, CancellationToken}; // instead of tokio::sync and tokio_util::sync
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let (sender, mut receiver) = mpsc::channel(1);
//! sender.send(7).await.unwrap();
//! assert_eq!(receiver.recv().await, Some(7));
//! # }
//! ```
//!
//! Nothing needs them: they make some leaks provable that are otherwise only likely. Tokio does not tell who could
//! wake a receiver; a wrapped channel knows every sender, and the task that used each last. When all of them belong to
//! the receiver itself, or to tasks that are stranded too, the receiver is stranded for good. A task that ignores a
//! wrapped token's cancellation is known by that token.
//!
//! What was created before the agent started, or without one, behaves the same and tells nothing. It allocates nothing,
//! and each call costs one comparison more.
//!
//! One method is missing: `Notify::notified_owned`, whose future would need an allocation.
//!
//! A handle that is moved without being used is not seen to move. A handle counts as *used* by the task that
//! sends, receives, waits or clones through it; one that was only made may be anywhere. Weak senders count as senders,
//! since they can become one.

pub mod broadcast;
pub mod mpsc;
mod notify;
pub mod oneshot;
mod token;
pub(crate) mod track;
pub mod watch;

/// Futures of [`Notify`].
pub mod futures {
    pub use super::notify::Notified;
}

pub use notify::Notify;
pub use token::{
    CancellationToken, DropGuard, DropGuardRef, WaitForCancellationFuture,
    WaitForCancellationFutureOwned,
};
// Of these Tokio itself tells.
pub use tokio::sync::{
    AcquireError, Barrier, BarrierWaitResult, MappedMutexGuard, Mutex, MutexGuard, OnceCell,
    OwnedMappedMutexGuard, OwnedMutexGuard, OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard,
    OwnedRwLockWriteGuard, OwnedSemaphorePermit, RwLock, RwLockMappedWriteGuard, RwLockReadGuard,
    RwLockWriteGuard, Semaphore, SemaphorePermit, SetError, SetOnce, SetOnceError, TryAcquireError,
    TryLockError,
};

/// What a wrapper prints is what the wrapped prints.
macro_rules! prints_as_wrapped {
    ($($name:ident $(<$($life:lifetime,)* $($of:ident)?>)?;)*) => {
        $(impl $(<$($life,)* $($of)?>)? std::fmt::Debug for $name $(<$($life,)* $($of)?>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&self.inner, f)
            }
        })*
    };
}
pub(crate) use prints_as_wrapped;
