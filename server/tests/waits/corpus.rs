//! Every ordinary way to wait, listed as data: what the agent must name, and never accuse.

pub(crate) mod channels;
pub(crate) mod locks;
pub(crate) mod shape;
pub(crate) mod sockets;
pub(crate) mod tasks;
pub(crate) mod timers;

use shape::Shape;

/// All shapes.
pub(crate) fn shapes() -> impl Iterator<Item = &'static Shape> {
    [channels::SHAPES, locks::SHAPES, timers::SHAPES, sockets::SHAPES, tasks::SHAPES]
        .into_iter()
        .flatten()
}
