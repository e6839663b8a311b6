//! The lock-free protocols of the agent, checked by `loom`: every outcome that the memory orders allow, in every
//! interleaving with at most two threads cut off in the middle.
//!
//! ```text
//! cargo run --release -p stranded-server --example models
//! ```
//!
//! What is checked is the agent's own source: its files are compiled here a second time, with the atomics of `loom`
//! under [`lockfree`] and tables of a few entries.

// The registry's files have more to them than their protocols.
#![allow(dead_code, reason = "the models need a part of each file")]
#![expect(clippy::unwrap_used, reason = "what fails here fails the model")]

#[path = "../../src/stack/interner.rs"]
mod interner;
mod lockfree;
mod registry;
mod threads;

use interner::Interner;
use loom::sync::Arc;
use loom::thread;

/// The models, each named for what holds.
const MODELS: &[(&str, fn())] = &[
    ("an ended task's slot is freed once, by whoever drops its last waker", registry::freed_once),
    ("a slot whose wakers are forgotten is freed once", registry::forgotten_once),
    ("a wake is either consumed by a poll or still there", registry::no_wake_is_lost),
    ("a task being woken never looks parked without wakers", registry::never_looks_lost),
    ("no free slot is lost, and none has two owners", registry::one_owner),
    ("threads that meet at a new stack agree on its number", one_number),
    ("threads that meet at a new site agree on it", registry::one_site),
];

fn main() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(builder.preemption_bound.unwrap_or(2));
    for (name, model) in MODELS {
        builder.check(model);
        println!("{name}");
    }
}

fn one_number() {
    let interner = Arc::new(Interner::new());
    let intern = |hash: u64| {
        let interner = Arc::clone(&interner);
        thread::spawn(move || interner.intern(hash, || Box::new([hash as usize])).unwrap())
    };
    // The third has its place where the first two have theirs.
    let numbers = [7, 7, 7 + 4].map(intern).map(|thread| thread.join().unwrap());
    assert_eq!(numbers[0], numbers[1]);
    assert_ne!(numbers[0], numbers[2]);
    assert_eq!(interner.addresses(numbers[0]), Some(&[7][..]));
    assert_eq!(interner.addresses(numbers[2]), Some(&[11][..]));
    assert_eq!(interner.lost(), 0);
}
