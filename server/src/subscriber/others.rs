//! Whether the process has another dispatcher than the agent's.
//!
//! What happens to wakers and locks is told to the dispatcher of the thread on which it happens, and a scoped one
//! (`with_default`, `.with_subscriber(..)`) can be in place for a part of a poll only, so that no look before or after
//! finds it. But it has to be created first, and each time that a dispatcher is, `tracing` asks all living ones anew
//! what they want of each call site, and tells the call site what comes of it. So two call sites of our own, to which
//! the agent answers "always" and "never" and for which nobody else can tell one from the other, hear what was agreed
//! on: with a third party to it, one of them is told "sometimes".
//!
//! `Dispatch::none()` is not created, and so not found.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use tracing_core::callsite::Identifier;
use tracing_core::field::FieldSet;
use tracing_core::metadata::Kind;
use tracing_core::{Callsite, Interest, Level, Metadata, callsite};

/// Whether another dispatcher has been there, be it for a moment.
static MET: AtomicBool = AtomicBool::new(false);

/// A call site that listens to what is agreed on about it.
struct Probe {
    meta: Metadata<'static>,
    /// Whether the agent wants it: all of it, or nothing.
    wanted: bool,
    /// Whether the agent has been asked; what is agreed on before says nothing.
    asked: AtomicBool,
}

macro_rules! probe {
    ($name:ident, $wanted:literal) => {
        static $name: Probe = Probe {
            meta: Metadata::new(
                "probe",
                "stranded::probe",
                Level::TRACE,
                None,
                None,
                None,
                FieldSet::new(&[], Identifier(&$name)),
                Kind::EVENT,
            ),
            wanted: $wanted,
            asked: AtomicBool::new(false),
        };
    };
}

probe!(WANTED, true);
probe!(UNWANTED, false);

impl Callsite for Probe {
    fn set_interest(&self, agreed: Interest) {
        let alone = if self.wanted { agreed.is_always() } else { agreed.is_never() };
        if !alone && self.asked.load(SeqCst) {
            MET.store(true, SeqCst);
        }
    }

    fn metadata(&self) -> &Metadata<'_> {
        &self.meta
    }
}

/// Begins to listen: called once, before the agent's own dispatcher is created.
pub(crate) fn listen() {
    callsite::register(&WANTED);
    callsite::register(&UNWANTED);
}

/// What the agent answers, if the call site is one of ours.
pub(super) fn answer(meta: &Metadata<'_>) -> Option<Interest> {
    let probe =
        [&WANTED, &UNWANTED].into_iter().find(|probe| meta.callsite() == Identifier(*probe))?;
    probe.asked.store(true, SeqCst);
    Some(if probe.wanted { Interest::always() } else { Interest::never() })
}

/// Whether another dispatcher has been there since [`listen`], so that anything may have gone unseen.
pub(crate) fn met() -> bool {
    MET.load(SeqCst)
}
