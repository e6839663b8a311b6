//! The tee: keeps Tokio's spans and events of tasks, wakers and resources for the registry, and hands everything else to the
//! application's own subscriber, untouched.
//!
//! The application's filters decide about its own spans and events as without us. They also still decide
//! whether *it* sees Tokio's: where it does, Tokio's spans reach it under ids of its own ([`mirror`]). What the
//! agent's own threads do never reaches it.

mod callsites;
mod fields;
mod ids;
mod mirror;
pub(crate) mod others;
mod resources;
#[cfg(test)]
mod tests;

use std::any::TypeId;
use std::sync::Arc;

use tracing_core::span::{Attributes, Current, Id, Record};
use tracing_core::{Dispatch, Event, Interest, LevelFilter, Metadata, Subscriber, dispatcher};

use crate::config::Resources;
use crate::own;
use crate::registry::{Registry, SlotId, ThingId};
use callsites::{Callsites, Kind, Role};
use ids::ForeignIds;
use mirror::Mirror;

/// The subscriber that the agent installs around the application's.
#[derive(Debug)]
pub(crate) struct Tee<S> {
    registry: Arc<Registry>,
    callsites: Callsites,
    foreign: ForeignIds,
    mirror: Mirror,
    inner: S,
}

/// Its type tells a dispatcher that leads to the agent from one that does not.
struct Marker;

/// What a span id of ours is of.
#[derive(Clone, Copy, Debug)]
enum Own {
    Task(SlotId),
    Thing(ThingId),
}

impl Own {
    /// What is behind a span id that carries our tag.
    #[inline]
    fn from_raw(raw: u64) -> Option<Self> {
        SlotId::from_raw(raw).map(Self::Task).or_else(|| ThingId::from_raw(raw).map(Self::Thing))
    }

    #[inline]
    fn raw(self) -> u64 {
        match self {
            Self::Task(id) => id.raw(),
            Self::Thing(id) => id.raw(),
        }
    }
}

impl<S: Subscriber> Tee<S> {
    pub(crate) fn new(registry: Arc<Registry>, inner: S) -> Self {
        Self {
            registry,
            callsites: Callsites::default(),
            foreign: ForeignIds::default(),
            mirror: Mirror::default(),
            inner,
        }
    }

    /// What is behind a span id, if it is one of ours.
    #[inline]
    fn own(&self, id: &Id) -> Option<Own> {
        Own::from_raw(id.into_u64()).filter(|own| !self.foreign.any() || self.knows(*own))
    }

    /// Whether the id is one that was given out by us, and not another with the same tag.
    fn knows(&self, own: Own) -> bool {
        match own {
            Own::Task(id) => self.registry.knows(id),
            Own::Thing(id) => self.registry.resources().knows(id),
        }
    }

    #[inline]
    fn level(&self) -> Resources {
        self.registry.resources().level()
    }

    /// The id under which the application's subscriber knows a span; `None`: it does not.
    fn mirrored(&self, id: &Id) -> Option<Id> {
        match self.own(id) {
            Some(own) => self.mirror.get(own.raw()),
            None => Some(id.clone()),
        }
    }

    /// Whether the application wants to see this call site of Tokio's.
    fn inner_wants(&self, meta: &'static Metadata<'static>) -> bool {
        self.callsites.shown(meta) && !own::is_own() && self.inner.enabled(meta)
    }

    fn forward_new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = match attributes.parent().filter(|parent| self.own(parent).is_some()) {
            None => self.inner.new_span(attributes),
            // Tokio has named a parent that the application knows by another id, or not at all.
            Some(parent) => {
                let (meta, values) = (attributes.metadata(), attributes.values());
                self.inner.new_span(&match self.mirrored(parent) {
                    Some(parent) => Attributes::child_of(parent, meta, values),
                    None => Attributes::new_root(meta, values),
                })
            }
        };
        self.foreign.note(id.into_u64());
        id
    }

    /// A span of Tokio's that the registry keeps under the id `own`; `None`: it does not.
    fn own_span(&self, attributes: &Attributes<'_>, own: Option<Own>) -> Id {
        // Tasks beyond the memory cap share one id, so there is no telling whose inner span is whose.
        let shared = matches!(own, Some(Own::Task(id)) if id.is_untracked());
        let shown = !shared && self.inner_wants(attributes.metadata());
        match (own, shown) {
            (Some(own), true) => {
                self.mirror.insert(own.raw(), self.forward_new_span(attributes));
                Id::from_u64(own.raw())
            }
            (Some(own), false) => Id::from_u64(own.raw()),
            (None, true) => self.forward_new_span(attributes),
            (None, false) => Id::from_u64(SlotId::hidden().raw()),
        }
    }

    /// An operation on a resource, unless only the others are tracked.
    fn open_op(&self, attributes: &Attributes<'_>) -> Option<ThingId> {
        let source = resources::source(attributes);
        if own::is_own() || (self.level() == Resources::Locks && !source.is_lock()) {
            return None;
        }
        let of = attributes.parent().and_then(|parent| match self.own(parent)? {
            Own::Thing(id) => Some(id),
            Own::Task(_) => None,
        });
        self.registry.open_op(source, of)
    }
}

/// Whether events on this thread reach the agent: not while a scoped dispatcher of another subscriber is in place.
#[inline]
pub(crate) fn events_arrive() -> bool {
    dispatcher::get_default(|dispatch| dispatch.is::<Marker>())
}

impl<S: Subscriber> Subscriber for Tee<S> {
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        self.inner.on_register_dispatch(dispatch);
    }

    fn register_callsite(&self, meta: &'static Metadata<'static>) -> Interest {
        if let Some(answer) = others::answer(meta) {
            return answer;
        }
        let inner = self.inner.register_callsite(meta);
        let role = Role::of(meta, self.level());
        if role == Some(Role::Spawn)
            && let Some(version) = meta.file().and_then(callsites::tokio_version)
        {
            self.registry.learn_tokio(version);
        }
        if self.callsites.add(meta, role, !inner.is_never()) { Interest::always() } else { inner }
    }

    fn enabled(&self, meta: &Metadata<'_>) -> bool {
        Role::of(meta, self.level()).is_some() || (!own::is_own() && self.inner.enabled(meta))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // Everything of Tokio's is TRACE; what the application does not want is turned off a call site at a time.
        Some(LevelFilter::TRACE)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let meta = attributes.metadata();
        let own = match self.callsites.get(meta, self.level()) {
            Some(Kind::Spawn(fields)) => {
                let task =
                    fields::with_spawn(fields, attributes, |spawn| self.registry.spawn(spawn));
                Some(Own::Task(task))
            }
            Some(Kind::Resource(_) | Kind::Op) if own::is_own() => None,
            Some(Kind::Resource(fields)) => {
                resources::with_resource(fields, attributes, |new| self.registry.open_resource(new))
                    .map(Own::Thing)
            }
            Some(Kind::Op) => self.open_op(attributes).map(Own::Thing),
            Some(Kind::Waker(_) | Kind::Change(_) | Kind::OpChange(_)) | None => {
                if own::is_own() {
                    return Id::from_u64(SlotId::hidden().raw());
                }
                let id = self.forward_new_span(attributes);
                if !fields::is_tokio(meta) {
                    self.registry.open_span(id.into_u64(), meta);
                }
                return id;
            }
        };
        self.own_span(attributes, own)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        if let Some(span) = self.mirrored(span) {
            self.inner.record(&span, values);
        }
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        if let (Some(span), Some(follows)) = (self.mirrored(span), self.mirrored(follows)) {
            self.inner.record_follows_from(&span, &follows);
        }
    }

    fn event_enabled(&self, event: &Event<'_>) -> bool {
        // What Tokio says to us is asked of the inner subscriber in `event`.
        self.callsites.get(event.metadata(), self.level()).is_some()
            || (!own::is_own() && self.inner.event_enabled(event))
    }

    #[inline]
    fn event(&self, event: &Event<'_>) {
        let meta = event.metadata();
        match self.callsites.get(meta, self.level()) {
            Some(Kind::Waker(site)) => {
                if let Some((op, id)) = fields::waker_event(site, event) {
                    self.registry.waker(op, id);
                }
            }
            Some(Kind::Change(what)) => {
                if let Some(change) = resources::change(*what, event) {
                    self.registry.change(change);
                }
            }
            Some(Kind::OpChange(what)) => {
                if let Some(change) = resources::op_change(*what, event) {
                    self.registry.change_op(change);
                }
            }
            Some(Kind::Spawn(_) | Kind::Resource(_) | Kind::Op) | None => {
                if !own::is_own() {
                    self.inner.event(event);
                }
                return;
            }
        }
        if self.inner_wants(meta) && self.inner.event_enabled(event) {
            self.inner.event(event);
        }
    }

    #[inline]
    fn enter(&self, span: &Id) {
        let Some(own) = self.own(span) else {
            self.registry.enter_span(span.into_u64());
            self.inner.enter(span);
            return;
        };
        match own {
            Own::Task(id) => self.registry.enter(id, events_arrive()),
            Own::Thing(id) => self.registry.enter_thing(id),
        }
        self.mirror.with(own.raw(), |span| self.inner.enter(span));
    }

    #[inline]
    fn exit(&self, span: &Id) {
        let Some(own) = self.own(span) else {
            self.inner.exit(span);
            self.registry.exit_span(span.into_u64());
            return;
        };
        self.mirror.with(own.raw(), |span| self.inner.exit(span));
        match own {
            Own::Task(id) => self.registry.exit(id),
            Own::Thing(id) => self.registry.exit_thing(id),
        }
    }

    fn clone_span(&self, span: &Id) -> Id {
        let Some(own) = self.own(span) else {
            let clone = self.inner.clone_span(span);
            self.foreign.note(clone.into_u64());
            return clone;
        };
        match own {
            Own::Task(id) => self.registry.clone_span(id),
            Own::Thing(id) => self.registry.clone_thing(id),
        }
        self.mirror.with(own.raw(), |span| {
            self.inner.clone_span(span);
        });
        span.clone()
    }

    fn try_close(&self, span: Id) -> bool {
        let Some(own) = self.own(&span) else {
            return self.inner.try_close(span);
        };
        let mirrored = self.mirror.get(own.raw());
        let ended = match own {
            Own::Task(id) => self.registry.close_span(id),
            Own::Thing(id) => self.registry.close_thing(id),
        };
        if ended {
            self.mirror.remove(own.raw());
        }
        if let Some(span) = mirrored {
            self.inner.try_close(span);
        }
        ended
    }

    fn current_span(&self) -> Current {
        self.inner.current_span()
    }

    #[expect(unsafe_code, reason = "the trait's way to downcast is unsafe to implement")]
    unsafe fn downcast_raw(&self, id: TypeId) -> Option<*const ()> {
        if id == TypeId::of::<Self>() || id == TypeId::of::<Marker>() {
            // The marker is only ever asked for with `is`, which does not look behind the pointer.
            return Some(std::ptr::from_ref(self).cast());
        }
        // SAFETY: the caller's promise about `id` is passed on as it is.
        unsafe { self.inner.downcast_raw(id) }
    }
}
