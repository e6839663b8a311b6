//! What one viewer wants to see.

use std::time::Duration;

use super::{SiteId, TaskId};

/// A viewer's own view of a target. It never changes what others see, or the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The time between updates.
    pub interval: Duration,
    /// The filter of the row window, in the language of [`crate::query`]; empty selects all.
    pub query: String,
    /// Only rows of this site.
    pub site: Option<SiteId>,
    /// The order of the row window.
    pub sort: Sort,
    /// The most rows in the window; 0: no rows wanted.
    pub limit: u32,
    /// Tasks wanted whatever the window selects.
    pub focus: Vec<TaskId>,
    /// Whether to include the agent's own tasks and sites.
    pub own: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(1),
            query: String::new(),
            site: None,
            sort: Sort { column: TaskColumn::Parked, descending: true },
            limit: 0,
            focus: Vec::new(),
            own: false,
        }
    }
}

/// An order of rows. Ties are broken by task id, so that rows do not jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub column: TaskColumn,
    /// Largest first.
    pub descending: bool,
}

/// A column by which task rows can be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskColumn {
    /// Task id.
    Id,
    /// State.
    State,
    /// Time since spawn.
    Age,
    /// Time since the last poll.
    Parked,
    /// Number of polls.
    Polls,
    /// Time in polls.
    Busy,
    /// Time from wake to poll.
    Scheduled,
    /// Live wakers.
    Wakers,
    /// Wakes.
    Wakes,
    /// Future size.
    Size,
    /// Spawn site.
    Site,
    /// Name.
    Name,
}

impl TaskColumn {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 12] = [
        Self::Id,
        Self::State,
        Self::Age,
        Self::Parked,
        Self::Polls,
        Self::Busy,
        Self::Scheduled,
        Self::Wakers,
        Self::Wakes,
        Self::Size,
        Self::Site,
        Self::Name,
    ];

    /// The word for it in `--sort` and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::State => "state",
            Self::Age => "age",
            Self::Parked => "parked",
            Self::Polls => "polls",
            Self::Busy => "busy",
            Self::Scheduled => "scheduled",
            Self::Wakers => "wakers",
            Self::Wakes => "wakes",
            Self::Size => "size",
            Self::Site => "site",
            Self::Name => "name",
        }
    }

    /// The column with that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name)
    }
}
