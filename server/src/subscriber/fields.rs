//! Reading the fields of Tokio's spans and events, without an allocation.

use std::fmt::{self, Write};

use stranded_analysis::facts::TaskKind;
use tracing_core::field::{Field, FieldSet, Visit};
use tracing_core::span::Attributes;
use tracing_core::{Event, Metadata};

use super::callsites::WakerSite;
use crate::registry::{SlotId, Spawn, WakerOp};

/// Whether a span is Tokio's own and so no request of the application.
pub(super) fn is_tokio(meta: &Metadata<'_>) -> bool {
    meta.name().starts_with("runtime.") && meta.target().starts_with("tokio")
}

/// Where in a spawn's fields each one stands; `usize::MAX`: it has none.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpawnFields {
    kind: usize,
    name: usize,
    number: usize,
    size: usize,
    original_size: usize,
    file: usize,
    line: usize,
    column: usize,
}

impl SpawnFields {
    pub(super) fn of(fields: &FieldSet) -> Self {
        let at = |name| fields.field(name).map_or(usize::MAX, |field| field.index());
        Self {
            kind: at("kind"),
            name: at("task.name"),
            number: at("task.id"),
            size: at("size.bytes"),
            original_size: at("original_size.bytes"),
            file: at("loc.file"),
            line: at("loc.line"),
            column: at("loc.col"),
        }
    }
}

/// Text of at most `N` bytes; what is longer is cut at a character boundary.
pub(super) struct Short<const N: usize> {
    bytes: [u8; N],
    len: usize,
    full: bool,
}

impl<const N: usize> Short<N> {
    pub(super) const EMPTY: Self = Self { bytes: [0; N], len: 0, full: false };

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl<const N: usize> Write for Short<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = if self.full { 0 } else { (N - self.len).min(text.len()) };
        let fits = (0..=room).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        self.bytes[self.len..self.len + fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.len += fits;
        self.full |= fits < text.len();
        Ok(())
    }
}

struct SpawnVisitor<'a> {
    fields: &'a SpawnFields,
    kind: Short<16>,
    name: Short<128>,
    number: u64,
    size: u64,
    original_size: u64,
    file: Short<256>,
    line: u64,
    column: u64,
}

impl Visit for SpawnVisitor<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        let at = field.index();
        let place = match () {
            () if at == self.fields.number => &mut self.number,
            () if at == self.fields.size => &mut self.size,
            () if at == self.fields.original_size => &mut self.original_size,
            () if at == self.fields.line => &mut self.line,
            () if at == self.fields.column => &mut self.column,
            () => return,
        };
        *place = value;
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.index() == self.fields.file {
            let _ = self.file.write_str(value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.index() == self.fields.kind {
            let _ = write!(self.kind, "{value:?}");
        } else if field.index() == self.fields.name {
            let _ = write!(self.name, "{value:?}");
        }
    }
}

/// Reads a spawn and hands it to `act`.
pub(super) fn with_spawn<R>(
    fields: &SpawnFields,
    attributes: &Attributes<'_>,
    act: impl FnOnce(&Spawn<'_>) -> R,
) -> R {
    let mut seen = SpawnVisitor {
        fields,
        kind: Short::EMPTY,
        name: Short::EMPTY,
        number: 0,
        size: 0,
        original_size: 0,
        file: Short::EMPTY,
        line: 0,
        column: 0,
    };
    attributes.record(&mut seen);
    act(&Spawn {
        kind: match seen.kind.as_str() {
            "task" => TaskKind::Task,
            "local" => TaskKind::Local,
            "blocking" => TaskKind::Blocking,
            "block_on" => TaskKind::BlockOn,
            _ => TaskKind::Unknown,
        },
        name: seen.name.as_str(),
        number: seen.number,
        size: seen.size,
        original_size: seen.original_size,
        file: seen.file.as_str(),
        line: u32::try_from(seen.line).unwrap_or(u32::MAX),
        column: u32::try_from(seen.column).unwrap_or(u32::MAX),
    })
}

#[derive(Default)]
struct WakerVisitor {
    /// Whether the operation still has to be read.
    wants_op: bool,
    op: Option<WakerOp>,
    task: Option<SlotId>,
}

impl Visit for WakerVisitor {
    #[inline]
    fn record_u64(&mut self, _: &Field, value: u64) {
        // The only number among the fields is `task.id`: the span id of the woken task.
        self.task = SlotId::from_raw(value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if !self.wants_op || field.name() != "op" {
            return;
        }
        self.op = match value {
            "waker.clone" => Some(WakerOp::Clone),
            "waker.drop" => Some(WakerOp::Drop),
            "waker.wake" => Some(WakerOp::Wake),
            "waker.wake_by_ref" => Some(WakerOp::WakeByRef),
            _ => None,
        };
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// What a waker event says. Each call site has one operation, which is read from its first event.
#[inline]
pub(super) fn waker_event(site: &WakerSite, event: &Event<'_>) -> Option<(WakerOp, SlotId)> {
    let known = site.op();
    let mut seen = WakerVisitor { wants_op: known.is_none(), ..WakerVisitor::default() };
    event.record(&mut seen);
    let op = known.or_else(|| {
        site.learn(seen.op?);
        seen.op
    })?;
    Some((op, seen.task?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_at_a_character_and_stays_cut() {
        let mut short = Short::<5>::EMPTY;
        short.write_str("abä").unwrap();
        short.write_str("öx").unwrap();
        assert_eq!(short.as_str(), "abä");
        short.write_str("z").unwrap();
        assert_eq!(short.as_str(), "abä", "nothing is added after a cut");
    }
}
