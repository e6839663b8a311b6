//! The tee, called as `tracing` would.

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
