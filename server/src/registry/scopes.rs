//! Request scopes: the user's spans in which tasks are spawned, and whether the request has ended.
//!
//! A scope has not ended when its span closes: a child spawned `.in_current_span()` keeps the span open. It
//! has ended when the task that opened the span has finished, or was polled several times without entering it.

use std::sync::OnceLock;
use std::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use std::time::Duration;

use stranded_analysis::facts::Moment;
use tracing_core::Metadata;

/// Spans remembered at once, a power of two.
const TABLE: usize = 1 << 14;
/// Entries tried for a span before it is not remembered.
const PROBES: usize = 8;
/// In [`Scope::pins`]: the entry is being written.
const CLAIMED: u32 = 1 << 31;
/// Distinct span call sites whose names are kept.
const NAMES: usize = 1024;

/// Polls of the opening task without entering the span, after which the request has ended.
pub(super) const POLLS_OUTSIDE: u64 = 3;
/// And how long ago the span must have been entered last.
pub(super) const TIME_OUTSIDE: Duration = Duration::from_secs(5);

/// One remembered span.
#[derive(Debug, Default)]
pub(super) struct Scope {
    span: AtomicU64,
    /// Slot id and number of the task that opened it; 0: opened outside any task.
    pub(super) opener: AtomicU64,
    pub(super) opener_number: AtomicU64,
    /// Polls of the opener at the latest entry of the span.
    pub(super) opener_polls: AtomicU64,
    pub(super) entered_at: AtomicU64,
    /// When the request was first seen to have ended; 0: it has not.
    pub(super) ended_at: AtomicU64,
    /// Index of the span's name.
    name: AtomicU32,
    /// Live tasks spawned inside; while there are any, the entry stays.
    pins: AtomicU32,
}

/// All remembered spans.
#[derive(Debug)]
pub(super) struct Scopes {
    table: Box<[Scope]>,
    names: Box<[OnceLock<&'static Metadata<'static>>]>,
    any: AtomicBool,
}

impl Scopes {
    pub(super) fn new() -> Self {
        Self {
            table: (0..TABLE).map(|_| Scope::default()).collect(),
            names: (0..NAMES).map(|_| OnceLock::new()).collect(),
            any: AtomicBool::new(false),
        }
    }

    /// Whether a span was ever opened.
    pub(super) fn any(&self) -> bool {
        self.any.load(Relaxed)
    }

    fn probe(span: u64) -> impl Iterator<Item = usize> {
        let start = (span.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize;
        (0..PROBES).map(move |step| (start + step) % TABLE)
    }

    /// The scope of that number.
    pub(super) fn get(&self, number: u32) -> Option<&Scope> {
        self.table.get(number as usize)
    }

    /// The name of a scope's span.
    pub(super) fn name(&self, scope: &Scope) -> Option<&'static str> {
        Some(self.names.get(scope.name.load(Relaxed) as usize)?.get()?.name())
    }

    /// The number of a span's scope, if it is remembered.
    #[inline]
    pub(super) fn find(&self, span: u64) -> Option<u32> {
        Self::probe(span).find(|&at| self.table[at].span.load(Acquire) == span).map(|at| at as u32)
    }

    /// Remembers a span that the task with slot id `opener` opens, in the place of one that no live task needs.
    pub(super) fn open(
        &self,
        span: u64,
        meta: &'static Metadata<'static>,
        opener: (u64, u64),
        polls: u64,
        now: Moment,
    ) {
        // An earlier span of the same id, kept for the tasks spawned in it, is certainly over.
        if let Some(earlier) = self.find(span).and_then(|number| self.get(number)) {
            let _ = earlier.ended_at.compare_exchange(0, now.0, AcqRel, Relaxed);
            earlier.span.store(0, Release);
        }
        let Some(name) = self.name_index(meta) else {
            return;
        };
        let free_first = [true, false].into_iter().flat_map(|free| {
            let places = Self::probe(span).map(|at| &self.table[at]);
            places.filter(move |place| (place.span.load(Relaxed) == 0) == free)
        });
        let Some(place) = free_first.into_iter().find(|place| place.claim()) else { return };
        self.any.store(true, Relaxed);
        place.opener.store(opener.0, Relaxed);
        place.opener_number.store(opener.1, Relaxed);
        place.opener_polls.store(polls, Relaxed);
        place.entered_at.store(now.0, Relaxed);
        place.ended_at.store(0, Relaxed);
        place.name.store(name, Relaxed);
        place.span.store(span, Release);
        place.pins.fetch_and(!CLAIMED, Release);
    }

    fn name_index(&self, meta: &'static Metadata<'static>) -> Option<u32> {
        let start = std::ptr::from_ref(meta) as usize >> 4;
        let mut places = (0..PROBES).map(|step| (start + step) % NAMES);
        places
            .find(|&at| std::ptr::eq(*self.names[at].get_or_init(|| meta), meta))
            .map(|at| at as u32)
    }

    /// Keeps the scope of `span` for a task spawned inside it. Undone by [`Scopes::unpin`]. False: the entry has just gone
    /// to another span.
    pub(super) fn pin(&self, number: u32, span: u64) -> bool {
        let Some(scope) = self.get(number) else { return false };
        let pinned = scope.pins.fetch_add(1, AcqRel) & CLAIMED == 0;
        let kept = pinned && scope.span.load(Acquire) == span;
        if !kept {
            scope.pins.fetch_sub(1, AcqRel);
        }
        kept
    }

    /// A task spawned inside the scope has ended.
    pub(super) fn unpin(&self, number: u32) {
        if let Some(scope) = self.get(number) {
            scope.pins.fetch_sub(1, AcqRel);
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.table.len() * size_of::<Scope>() + self.names.len() * size_of::<usize>()) as u64
    }
}

impl Scope {
    /// Takes the entry from the span in it, which no live task needs. Only one thread gets it, and while it writes, no
    /// task can pin it.
    fn claim(&self) -> bool {
        let claimed = self.pins.compare_exchange(0, CLAIMED, AcqRel, Relaxed).is_ok();
        if claimed {
            self.span.store(0, Release);
        }
        claimed
    }

    /// The opening task enters the span in its poll number `polls`.
    pub(super) fn enter(&self, polls: u64, now: Moment) {
        self.opener_polls.store(polls, Relaxed);
        self.entered_at.store(now.0, Relaxed);
    }

    /// When the request was seen to have ended. `opener_polls`: polls of the opening task; `None` if it is gone.
    pub(super) fn ended(&self, opener_polls: Option<u64>, now: Moment) -> Option<Moment> {
        let known = self.ended_at.load(Acquire);
        if known != 0 {
            return Some(Moment(known));
        }
        let over = match opener_polls {
            _ if self.opener.load(Relaxed) == 0 => false,
            None => true,
            Some(polls) => {
                polls >= self.opener_polls.load(Relaxed) + POLLS_OUTSIDE
                    && now.since(Moment(self.entered_at.load(Relaxed))) >= TIME_OUTSIDE
            }
        };
        if !over {
            return None;
        }
        // The opener may have left the request long before somebody looked; claim only what is certain.
        let _ = self.ended_at.compare_exchange(0, now.0, AcqRel, Relaxed);
        Some(Moment(self.ended_at.load(Acquire)))
    }
}

#[cfg(test)]
mod tests {
    use tracing_core::callsite::Callsite;
    use tracing_core::{Interest, Kind, Level, metadata};

    use super::*;

    struct Site;

    static SITE: Site = Site;
    static META: Metadata<'static> = metadata! {
        name: "request",
        target: "test",
        level: Level::INFO,
        fields: &[],
        callsite: &SITE,
        kind: Kind::SPAN,
    };

    impl Callsite for Site {
        fn set_interest(&self, _: Interest) {}

        fn metadata(&self) -> &Metadata<'_> {
            &META
        }
    }

    #[test]
    fn a_span_that_a_live_task_needs_keeps_its_place() {
        let scopes = Scopes::new();
        scopes.open(7, &META, (70, 1), 1, Moment(5));
        let number = scopes.find(7).unwrap();
        assert!(scopes.pin(number, 7));
        assert!(!scopes.pin(number, 8), "that is another span");
        for span in 1000..200_000 {
            scopes.open(span, &META, (1, 1), 1, Moment(6));
        }
        assert_eq!(scopes.find(7), Some(number));
        scopes.unpin(number);
        scopes.open(7, &META, (71, 1), 1, Moment(9));
        let again = scopes.get(scopes.find(7).unwrap()).unwrap();
        assert_eq!(again.opener.load(Relaxed), 71, "the id is used for a new span");
    }

    #[test]
    fn a_pinned_scope_has_the_opener_of_its_own_span_whoever_opens_others_there() {
        let scopes = Scopes::new();
        // Spans that all want the same few places.
        let window = Scopes::probe(1).next().unwrap();
        let near = |span: &u64| Scopes::probe(*span).next().unwrap().abs_diff(window) < PROBES;
        let spans: Vec<u64> = (1..).filter(near).take(24).collect();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (scopes, spans) = (&scopes, &spans);
                scope.spawn(move || {
                    let mut pinned = 0;
                    for round in 0..50_000 {
                        let span = spans[(round * 7 + thread * 5) % spans.len()];
                        scopes.open(span, &META, (span + 1000, 0), 0, Moment(1));
                        let Some(number) = scopes.find(span).filter(|at| scopes.pin(*at, span))
                        else {
                            continue;
                        };
                        pinned += 1;
                        let opener = scopes.get(number).unwrap().opener.load(Relaxed);
                        assert_eq!(opener, span + 1000);
                        scopes.unpin(number);
                    }
                    assert!(pinned > 0);
                });
            }
        });
        assert!(scopes.table.iter().all(|scope| scope.pins.load(Relaxed) == 0));
    }
}
