//! The tee: keeps Tokio's task spans and waker events for the registry, and hands everything else to the
//! application's own subscriber, untouched.
//!
//! The application's filters decide about its own spans and events as without us. They also still decide
//! whether *it* sees Tokio's: where it does, Tokio's spans reach it under ids of its own ([`mirror`]). What the
//! agent's own threads do never reaches it.

mod callsites;
mod fields;
mod ids;
mod mirror;
#[cfg(test)]
mod tests;

use std::any::TypeId;
use std::sync::Arc;

use tracing_core::span::{Attributes, Current, Id, Record};
use tracing_core::{Dispatch, Event, Interest, LevelFilter, Metadata, Subscriber, dispatcher};

use crate::own;
use crate::registry::{Registry, SlotId};
use callsites::{Callsites, Role};
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

    /// The task behind a span id, if it is one of ours.
    #[inline]
    fn own(&self, id: &Id) -> Option<SlotId> {
        SlotId::from_raw(id.into_u64()).filter(|id| !self.foreign.any() || self.registry.knows(*id))
    }

    /// Whether the application wants to see this call site of Tokio's.
    fn inner_wants(&self, meta: &'static Metadata<'static>) -> bool {
        self.callsites.shown(meta) && !own::is_own() && self.inner.enabled(meta)
    }

    fn forward_new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = self.inner.new_span(attributes);
        self.foreign.note(id.into_u64());
        id
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
        let inner = self.inner.register_callsite(meta);
        if Role::of(meta) == Some(Role::Spawn)
            && let Some(version) = meta.file().and_then(callsites::tokio_version)
        {
            self.registry.learn_tokio(version);
        }
        match Role::of(meta) {
            Some(role) if self.callsites.add(meta, role, !inner.is_never()) => Interest::always(),
            _ => inner,
        }
    }

    fn enabled(&self, meta: &Metadata<'_>) -> bool {
        Role::of(meta).is_some() || (!own::is_own() && self.inner.enabled(meta))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // Everything of Tokio's is TRACE; what the application does not want is turned off a call site at a time.
        Some(LevelFilter::TRACE)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let meta = attributes.metadata();
        let Some(spawn_fields) = self.callsites.spawn(meta) else {
            if own::is_own() {
                return Id::from_u64(SlotId::hidden().raw());
            }
            let id = self.forward_new_span(attributes);
            if !fields::is_tokio(meta) {
                self.registry.open_span(id.into_u64(), meta);
            }
            return id;
        };
        let id = fields::with_spawn(spawn_fields, attributes, |spawn| self.registry.spawn(spawn));
        // Those beyond the memory cap share one id, so there is no telling whose inner span is whose.
        if !id.is_untracked() && self.inner_wants(meta) {
            self.mirror.insert(id, self.forward_new_span(attributes));
        }
        Id::from_u64(id.raw())
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        match self.own(span) {
            Some(id) => self.mirror.with(id, |span| self.inner.record(span, values)),
            None => self.inner.record(span, values),
        }
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        let mirrored = |id: &Id| match self.own(id) {
            Some(own) => self.mirror.get(own),
            None => Some(id.clone()),
        };
        if let (Some(span), Some(follows)) = (mirrored(span), mirrored(follows)) {
            self.inner.record_follows_from(&span, &follows);
        }
    }

    fn event_enabled(&self, event: &Event<'_>) -> bool {
        // What Tokio says to us is asked of the inner subscriber in `event`.
        self.callsites.is_waker(event.metadata())
            || (!own::is_own() && self.inner.event_enabled(event))
    }

    #[inline]
    fn event(&self, event: &Event<'_>) {
        let meta = event.metadata();
        let Some(site) = self.callsites.waker(meta) else {
            if !own::is_own() {
                self.inner.event(event);
            }
            return;
        };
        if let Some((op, id)) = fields::waker_event(site, event) {
            self.registry.waker(op, id);
        }
        if self.inner_wants(meta) && self.inner.event_enabled(event) {
            self.inner.event(event);
        }
    }

    #[inline]
    fn enter(&self, span: &Id) {
        match self.own(span) {
            Some(id) => {
                self.registry.enter(id, events_arrive());
                self.mirror.with(id, |span| self.inner.enter(span));
            }
            None => {
                self.registry.enter_span(span.into_u64());
                self.inner.enter(span);
            }
        }
    }

    #[inline]
    fn exit(&self, span: &Id) {
        match self.own(span) {
            Some(id) => {
                self.mirror.with(id, |span| self.inner.exit(span));
                self.registry.exit(id);
            }
            None => {
                self.inner.exit(span);
                self.registry.exit_span(span.into_u64());
            }
        }
    }

    fn clone_span(&self, span: &Id) -> Id {
        match self.own(span) {
            Some(id) => {
                self.registry.clone_span(id);
                self.mirror.with(id, |span| {
                    self.inner.clone_span(span);
                });
                span.clone()
            }
            None => {
                let clone = self.inner.clone_span(span);
                self.foreign.note(clone.into_u64());
                clone
            }
        }
    }

    fn try_close(&self, span: Id) -> bool {
        match self.own(&span) {
            Some(id) => {
                let mirrored = self.mirror.get(id);
                let ended = self.registry.close_span(id);
                if ended {
                    self.mirror.remove(id);
                }
                if let Some(span) = mirrored {
                    self.inner.try_close(span);
                }
                ended
            }
            None => self.inner.try_close(span),
        }
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
