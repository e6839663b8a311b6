//! Reading the fields of the spans and events that tell of resources, without an allocation.

use std::fmt;
use std::fmt::Write;

use tracing_core::Event;
use tracing_core::field::{Field, FieldSet, Visit};
use tracing_core::span::Attributes;

use super::callsites::{OpWhat, What};
use super::fields::Short;
use crate::registry::{Change, NewResource, OpChange, Source};

/// Where in a resource's fields each one stands; `usize::MAX`: it has none.
#[derive(Clone, Copy, Debug)]
pub(super) struct ResourceFields {
    concrete_type: usize,
    internal: usize,
    file: usize,
    line: usize,
    column: usize,
}

impl ResourceFields {
    pub(super) fn of(fields: &FieldSet) -> Self {
        let at = |name| fields.field(name).map_or(usize::MAX, |field| field.index());
        Self {
            concrete_type: at("concrete_type"),
            internal: at("is_internal"),
            file: at("loc.file"),
            line: at("loc.line"),
            column: at("loc.col"),
        }
    }
}

struct ResourceVisitor<'a> {
    fields: &'a ResourceFields,
    concrete_type: Short<16>,
    internal: bool,
    file: Short<256>,
    line: u64,
    column: u64,
}

impl Visit for ResourceVisitor<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.index() == self.fields.line {
            self.line = value;
        } else if field.index() == self.fields.column {
            self.column = value;
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.internal |= value && field.index() == self.fields.internal;
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.index() == self.fields.file {
            let _ = self.file.write_str(value);
        } else if field.index() == self.fields.concrete_type {
            let _ = self.concrete_type.write_str(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Reads a new resource and hands it to `act`.
pub(super) fn with_resource<R>(
    fields: &ResourceFields,
    attributes: &Attributes<'_>,
    act: impl FnOnce(&NewResource<'_>) -> R,
) -> R {
    let mut seen = ResourceVisitor {
        fields,
        concrete_type: Short::EMPTY,
        internal: false,
        file: Short::EMPTY,
        line: 0,
        column: 0,
    };
    attributes.record(&mut seen);
    act(&NewResource {
        concrete_type: seen.concrete_type.as_str(),
        internal: seen.internal,
        file: seen.file.as_str(),
        line: u32::try_from(seen.line).unwrap_or(u32::MAX),
        column: u32::try_from(seen.column).unwrap_or(u32::MAX),
    })
}

struct SourceVisitor(Source);

impl Visit for SourceVisitor {
    #[inline]
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "source" {
            self.0 = Source::named(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Which operation begins.
pub(super) fn source(attributes: &Attributes<'_>) -> Source {
    let mut seen = SourceVisitor(Source::Unknown);
    attributes.record(&mut seen);
    seen.0
}

/// The value of a change, and what it is done with.
#[derive(Default)]
struct ChangeVisitor {
    number: u64,
    flag: bool,
    /// The first letter of "add", "sub" or "override".
    how: u8,
}

impl Visit for ChangeVisitor {
    #[inline]
    fn record_u64(&mut self, _: &Field, value: u64) {
        self.number = value;
    }

    #[inline]
    fn record_i64(&mut self, _: &Field, value: i64) {
        self.number = value.unsigned_abs();
    }

    #[inline]
    fn record_bool(&mut self, _: &Field, value: bool) {
        self.flag = value;
    }

    #[inline]
    fn record_str(&mut self, _: &Field, value: &str) {
        // Of those that matter, the only text is what is done.
        self.how = value.bytes().next().unwrap_or(0);
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// What an event says of a resource; `None`: how it is as it is created.
#[inline]
pub(super) fn change(what: What, event: &Event<'_>) -> Option<Change> {
    let mut seen = ChangeVisitor::default();
    event.record(&mut seen);
    let ChangeVisitor { number, flag, how } = seen;
    Some(match (what, how) {
        (What::Locked | What::WriteLocked, _) => Change::Exclusive(flag),
        (What::Readers, b'a') => Change::Shared(true),
        (What::Readers, b's') => Change::Shared(false),
        (What::Permits, b'o') => Change::PermitsSet(number),
        (What::Permits, b'a') => Change::PermitsGiven(number),
        (What::Permits, b's') => Change::PermitsTaken(number),
        (What::Duration, _) => Change::DueIn(number),
        (What::SenderDropped, _) if flag => Change::SenderDropped,
        (What::ReceiverDropped, _) if flag => Change::ReceiverDropped,
        (What::Sent, _) if flag => Change::Sent,
        (What::Size, _) => Change::Size(number),
        (What::Arrived, b'a') => Change::Arrived(number),
        _ => return None,
    })
}

/// What an event says of an operation; `None`: nothing new.
#[inline]
pub(super) fn op_change(what: OpWhat, event: &Event<'_>) -> Option<OpChange> {
    let mut seen = ChangeVisitor::default();
    event.record(&mut seen);
    match what {
        OpWhat::Polled => Some(OpChange::Polled(seen.flag)),
        OpWhat::Requested => Some(OpChange::Requested(seen.number)),
        OpWhat::Obtained => (seen.number > 0).then_some(OpChange::Obtained(seen.number)),
        OpWhat::Leads => seen.flag.then_some(OpChange::Leads),
    }
}
