//! Views. Nothing in them is cut: a shortened query would mean something else, so the agent refuses it.

use std::time::Duration;

use stranded_analysis::facts::{SiteId, Sort, TaskColumn, TaskId, View};

use super::{DecodeError, Fault, bound, read};
use crate::limits::{MAX_FOCUS, MAX_QUERY_BYTES, MAX_ROWS};
use crate::v1;

impl From<&View> for v1::View {
    fn from(view: &View) -> Self {
        Self {
            interval_ns: Some(bound::nanos(view.interval)),
            query: view.query.clone(),
            site: view.site.map(|site| site.0),
            sort: Some(v1::Sort {
                column: column(view.sort.column).into(),
                descending: view.sort.descending,
            }),
            limit: view.limit,
            focus: view.focus.iter().map(|task| task.0).collect(),
            own: view.own,
        }
    }
}

impl TryFrom<v1::View> for View {
    type Error = DecodeError;

    fn try_from(wire: v1::View) -> Result<Self, DecodeError> {
        // An absent interval or order is not unknown: the protocol says what it asks for.
        let unsaid = Self::default();
        if wire.limit as usize > MAX_ROWS {
            let fault = Fault::TooLarge { value: wire.limit.into(), max: MAX_ROWS as u64 };
            return Err(DecodeError::new("limit", fault));
        }
        Ok(Self {
            interval: wire.interval_ns.map_or(unsaid.interval, Duration::from_nanos),
            query: read::text(wire.query, "query", MAX_QUERY_BYTES)?,
            site: wire.site.map(SiteId),
            sort: read::optional(wire.sort, "sort")?.unwrap_or(unsaid.sort),
            limit: wire.limit,
            focus: read::at_most(wire.focus, "focus", MAX_FOCUS)?.into_iter().map(TaskId).collect(),
            own: wire.own,
        })
    }
}

impl TryFrom<v1::Sort> for Sort {
    type Error = DecodeError;

    fn try_from(wire: v1::Sort) -> Result<Self, DecodeError> {
        let column = TaskColumn::ALL.into_iter().find(|known| column(*known) == wire.column());
        let unknown = || DecodeError::new("column", Fault::UnknownValue { value: wire.column });
        Ok(Self { column: column.ok_or_else(unknown)?, descending: wire.descending })
    }
}

/// The column on the wire.
fn column(column: TaskColumn) -> v1::TaskColumn {
    match column {
        TaskColumn::Id => v1::TaskColumn::Id,
        TaskColumn::State => v1::TaskColumn::State,
        TaskColumn::Age => v1::TaskColumn::Age,
        TaskColumn::Parked => v1::TaskColumn::Parked,
        TaskColumn::Polls => v1::TaskColumn::Polls,
        TaskColumn::Busy => v1::TaskColumn::Busy,
        TaskColumn::Scheduled => v1::TaskColumn::Scheduled,
        TaskColumn::Wakers => v1::TaskColumn::Wakers,
        TaskColumn::Wakes => v1::TaskColumn::Wakes,
        TaskColumn::Size => v1::TaskColumn::Size,
        TaskColumn::Site => v1::TaskColumn::Site,
        TaskColumn::Name => v1::TaskColumn::Name,
    }
}
