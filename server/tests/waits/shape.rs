//! A shape: one ordinary way to wait, and what an observer must say of it.

use std::any::Any;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use stranded_analysis::facts::Wait;

/// A task that parks for ever, or for an hour.
pub(crate) type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One way to wait.
pub(crate) struct Shape {
    /// The async function that waits; the name of the park frame ends with it.
    pub(crate) name: &'static str,
    /// What it waits for, one entry for each waker it registers.
    pub(crate) waits: &'static [Wait],
    /// Creates the future. It parks in its first poll.
    pub(crate) start: fn(Here) -> Waiting,
}

/// Lists async functions as [`Shape`]s, each with its waits.
macro_rules! shapes {
    ($($function:ident: $($wait:ident),+;)*) => {
        /// The shapes of this module.
        pub(crate) const SHAPES: &[super::shape::Shape] = &[$(super::shape::Shape {
            name: stringify!($function),
            waits: &[$(stranded_analysis::facts::Wait::$wait),+],
            start: |here| Box::pin($function(here)),
        },)*];
    };
}
pub(crate) use shapes;

/// Where a shape notes the ground truth, and leaves what must outlive it.
#[derive(Clone, Default)]
pub(crate) struct Here {
    lines: Arc<Mutex<Vec<u32>>>,
    kept: Arc<Mutex<Vec<Box<dyn Any + Send>>>>,
}

impl Here {
    /// The next line of source is one that waits.
    #[track_caller]
    pub(crate) fn next_line(&self) {
        self.lines.lock().unwrap().push(Location::caller().line() + 1);
    }

    /// The lines that wait; none before the first is reached.
    pub(crate) fn lines(&self) -> Vec<u32> {
        self.lines.lock().unwrap().clone()
    }

    /// Keeps the other side of a wait alive, outside the task that waits.
    pub(crate) fn keep(&self, other_side: impl Any + Send) {
        self.kept.lock().unwrap().push(Box::new(other_side));
    }
}
