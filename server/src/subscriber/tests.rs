//! The tee, called as `tracing` would.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tracing_core::callsite::Callsite;
use tracing_core::field::FieldSet;
use tracing_core::metadata::Kind;
use tracing_core::subscriber::NoSubscriber;
use tracing_core::{Level, identify_callsite};

use super::*;
use crate::stack::{Budget, Capture};

/// A call site that looks like one of Tokio's.
struct OfTokio(&'static Metadata<'static>);

impl Callsite for OfTokio {
    fn set_interest(&self, _: Interest) {}
    fn metadata(&self) -> &Metadata<'_> {
        self.0
    }
}

macro_rules! of_tokio {
    ($name:literal, $target:literal, $kind:ident, $fields:expr) => {{
        static SITE: OfTokio = OfTokio(&META);
        static META: Metadata<'static> = Metadata::new(
            $name,
            $target,
            Level::TRACE,
            None,
            None,
            None,
            FieldSet::new($fields, identify_callsite!(&SITE)),
            Kind::$kind,
        );
        &META
    }};
}

fn tee() -> (Tee<NoSubscriber>, Arc<Registry>) {
    let registry = Arc::new(Registry::new(1, Capture::Off, Budget::new(0)));
    (Tee::new(Arc::clone(&registry), NoSubscriber::new()), registry)
}

#[test]
fn what_comes_while_its_call_site_is_still_being_registered_is_not_missed() {
    let (tee, registry) = tee();
    // Another thread registers the call site; meanwhile `tracing` only asks whether it is enabled.
    let spawns = of_tokio!("runtime.spawn", "tokio::task", SPAN, &[]);
    assert!(tee.enabled(spawns));
    let task = tee.new_span(&Attributes::new_root(spawns, &spawns.fields().value_set(&[])));
    let task = SlotId::from_raw(task.into_u64()).expect("a task");
    let clones = of_tokio!("event", "tokio::task::waker", EVENT, &["op", "task.id"]);
    assert!(tee.enabled(clones));
    let fields = clones.fields();
    let [op, id] = ["op", "task.id"].map(|name| fields.field(name).unwrap());
    let raw = task.raw();
    let values =
        [(&op, Some(&"waker.clone" as &dyn tracing_core::field::Value)), (&id, Some(&raw))];
    tee.event(&Event::new(clones, &fields.value_set(&values)));
    assert_eq!(registry.live_wakers(task), Some(1));
}

/// A subscriber that counts its spans, and wants to see all.
#[derive(Debug, Default)]
struct Counting {
    open: AtomicU64,
    ids: AtomicU64,
    /// Added to each id.
    base: u64,
}

impl Subscriber for Counting {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        self.open.fetch_add(1, Relaxed);
        Id::from_u64(self.base + self.ids.fetch_add(1, Relaxed) + 1)
    }

    fn try_close(&self, _: Id) -> bool {
        self.open.fetch_sub(1, Relaxed);
        // Like most that do not count references.
        false
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
    fn current_span(&self) -> Current {
        Current::none()
    }
}

#[test]
fn tasks_beyond_the_memory_cap_leave_no_span_open_in_the_application() {
    let registry = Arc::new(Registry::new(0, Capture::Off, Budget::new(0)));
    let tee = Tee::new(Arc::clone(&registry), Counting::default());
    let spawns = of_tokio!("runtime.spawn", "tokio::task", SPAN, &[]);
    let spawn = || tee.new_span(&Attributes::new_root(spawns, &spawns.fields().value_set(&[])));
    let tasks: Vec<_> = (0..5000).map(|_| spawn()).collect();
    assert!(registry.untracked() > 0);
    for task in tasks {
        tee.try_close(task);
    }
    assert_eq!((registry.untracked(), tee.inner.open.load(Relaxed)), (0, 0));
}

#[test]
fn spans_of_the_application_with_our_tag_in_their_ids_stay_its_own() {
    let registry = Arc::new(Registry::new(1, Capture::Off, Budget::new(0)));
    let base = SlotId::new(0, 5).raw();
    let tee = Tee::new(Arc::clone(&registry), Counting { base, ..Counting::default() });
    let spawns = of_tokio!("runtime.spawn", "tokio::task", SPAN, &[]);
    let spans = of_tokio!("request", "app", SPAN, &[]);
    let new = |meta: &'static Metadata<'static>| {
        tee.new_span(&Attributes::new_root(meta, &meta.fields().value_set(&[])))
    };
    let task = new(spawns);
    let requests: Vec<_> = (0..100).map(|_| new(spans)).collect();
    tee.enter(&task);
    for request in &requests {
        tee.enter(request);
        tee.exit(request);
    }
    tee.exit(&task);
    for request in requests {
        tee.try_close(request);
    }
    tee.try_close(task);
    assert_eq!(tee.inner.open.load(Relaxed), 0);
    let sites = registry.look(std::time::Duration::ZERO).sites;
    assert_eq!((sites[0].spawned, sites[0].live), (1, 0));
}
