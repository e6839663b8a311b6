//! What all programs share: the process around them, the truth they tell, the visitors that come.

mod noise;
pub mod process;
pub mod stage;
pub mod truth;

use futures::future::LocalBoxFuture;

pub use self::stage::{Stage, Visitor};

/// One program of the corpus.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// What it is called on the command line; its module's name.
    pub name: &'static str,
    /// Whether some of its tasks leak.
    pub kind: Kind,
    /// The scenario of the leak rules that it stands for, if there is one.
    pub scenario: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Its main function, which does not return while there are visitors.
    pub run: fn(Stage) -> LocalBoxFuture<'static, ()>,
}

/// What the engine should make of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Some tasks leak; the truth file says which.
    Leaking,
    /// No task leaks, though some look like it.
    Healthy,
}
