//! The stack of screens: `Esc` takes the top one away.

use stranded_analysis::facts::{SiteId, TaskId};
use stranded_analysis::report::RuleId;

/// One screen or popup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    /// All spawn sites: the home screen, always at the bottom of the stack.
    Sites,
    /// The tasks of one site, or of all.
    Tasks { site: Option<SiteId> },
    /// One task.
    Task { id: TaskId, scroll: u16 },
    /// A finding of a site, with its rule's own page.
    Explain { site: SiteId, rule: RuleId, scroll: u16 },
    /// The keys of the screen below it.
    Help { scroll: u16 },
}

impl Screen {
    /// Whether it is drawn over the screen below it.
    pub(crate) fn is_popup(self) -> bool {
        matches!(self, Self::Explain { .. } | Self::Help { .. })
    }

    /// How far the text of it is scrolled, where it has text to scroll.
    pub(crate) fn scroll_mut(&mut self) -> Option<&mut u16> {
        match self {
            Self::Task { scroll, .. } | Self::Explain { scroll, .. } | Self::Help { scroll } => {
                Some(scroll)
            }
            Self::Sites | Self::Tasks { .. } => None,
        }
    }
}
