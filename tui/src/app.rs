//! The state of the terminal UI: plain data, changed by [`update`](crate::update) alone.

mod cursor;
mod filter;
pub(crate) mod history;
pub(crate) mod layout;
mod link;
mod picture;
pub(crate) mod place;
mod screen;
pub(crate) mod sites;
mod table;
pub(crate) mod tasks;

use std::time::Duration;

use stranded_analysis::facts::{Instrumentation, SiteId, Sort, TaskColumn, TaskId, View};
use stranded_analysis::report::Finding;
use stranded_analysis::words;

pub(crate) use cursor::Cursor;
pub(crate) use filter::{Filter, parse_for_tasks};
pub(crate) use layout::Layout;
pub(crate) use link::{LinkState, LinkStatus};
pub(crate) use picture::Picture;
pub(crate) use screen::Screen;
pub(crate) use sites::{SiteColumn, SiteRow, Standing};
pub(crate) use table::Table;
pub(crate) use tasks::TaskRow;

use crate::keymap::{Key, Mode};
use crate::link::event::Problem;
use crate::msg::Size;
use crate::run::RunOptions;
use crate::text::wrap;

/// The most task rows that a screen asks for.
const MOST_ROWS: usize = 1_000;

/// Everything.
#[derive(Debug)]
pub(crate) struct App {
    /// What the session was started with.
    pub settings: RunOptions,
    pub size: Size,
    /// The viewer's clock, since the session began.
    pub now: Duration,
    pub link: LinkStatus,
    /// What goes on.
    pub live: Picture,
    /// What is shown instead of it, if the screen is frozen.
    pub frozen: Option<Frozen>,
    /// The screens, the topmost last; never empty.
    pub stack: Vec<Screen>,
    pub sites: Table<SiteId, SiteRow, SiteColumn>,
    pub tasks: Table<TaskId, TaskRow, TaskColumn>,
    /// Something that happened and that the user has not acted on.
    pub notice: Option<String>,
    /// The first key of a sequence of two.
    pub pending: Option<Key>,
    /// The view that the link was last told.
    pub asked: View,
    /// Whether anything changed since the screen was drawn.
    pub changed: bool,
}

/// A picture that is kept while the target goes on.
#[derive(Clone, Debug)]
pub(crate) struct Frozen {
    pub picture: Picture,
    /// When it was frozen, on the viewer's clock.
    pub since: Duration,
    /// Changed sites and tasks since.
    pub behind: u64,
}

impl App {
    pub(crate) fn new(settings: RunOptions, size: Size) -> Self {
        let asked = View { interval: settings.interval, ..View::default() };
        Self {
            size,
            now: Duration::ZERO,
            link: LinkStatus::new(settings.interval),
            live: Picture::default(),
            frozen: None,
            stack: vec![Screen::Sites],
            sites: Table::new(SiteColumn::Verdict),
            tasks: Table::new(asked.sort.column).filtered_by(Filter::of_tasks()),
            notice: None,
            pending: None,
            asked,
            changed: true,
            settings,
        }
    }

    /// What is shown: the kept picture if frozen, else the one that goes on.
    pub(crate) fn picture(&self) -> &Picture {
        self.frozen.as_ref().map_or(&self.live, |frozen| &frozen.picture)
    }

    /// The topmost screen, popups included.
    pub(crate) fn top(&self) -> Screen {
        self.stack.last().copied().unwrap_or(Screen::Sites)
    }

    /// The topmost screen that is no popup.
    pub(crate) fn screen(&self) -> Screen {
        self.stack.iter().rev().copied().find(|screen| !screen.is_popup()).unwrap_or(Screen::Sites)
    }

    /// What keys mean now.
    pub(crate) fn mode(&self) -> Mode {
        match self.top() {
            Screen::Sites if self.sites.filter.is_editing() => Mode::Filter,
            Screen::Tasks { .. } if self.tasks.filter.is_editing() => Mode::Filter,
            Screen::Sites => Mode::Sites,
            Screen::Tasks { .. } => Mode::Tasks,
            Screen::Task { .. } => Mode::Task,
            Screen::Explain { .. } | Screen::Help { .. } => Mode::Popup,
        }
    }

    /// The mode of the screen below the popups: what the help is about.
    pub(crate) fn mode_below(&self) -> Mode {
        match self.screen() {
            Screen::Tasks { .. } => Mode::Tasks,
            Screen::Task { .. } => Mode::Task,
            _ => Mode::Sites,
        }
    }

    /// The filter of the table on the screen, if it has one.
    pub(crate) fn filter(&self) -> Option<&Filter> {
        match self.screen() {
            Screen::Sites => Some(&self.sites.filter),
            Screen::Tasks { .. } => Some(&self.tasks.filter),
            _ => None,
        }
    }

    pub(crate) fn filter_mut(&mut self) -> Option<&mut Filter> {
        match self.screen() {
            Screen::Sites => Some(&mut self.sites.filter),
            Screen::Tasks { .. } => Some(&mut self.tasks.filter),
            _ => None,
        }
    }

    /// The site that the screen is about: the selected one, that of the tasks shown, that of the task.
    pub(crate) fn selected_site(&self) -> Option<SiteId> {
        match self.screen() {
            Screen::Tasks { site: Some(site) } => Some(site),
            Screen::Tasks { site: None } => {
                let row = self.tasks.selected()?;
                self.picture().task(row.id).map(|task| task.site)
            }
            Screen::Task { id, .. } => self.picture().task(id).map(|task| task.site),
            _ => self.sites.selected().map(|row| row.id),
        }
    }

    /// The worst finding of the site or task that the screen is about.
    pub(crate) fn selected_finding(&self) -> Option<(usize, &Finding)> {
        let report = self.picture().report.as_ref()?;
        if let Screen::Task { id, .. } = self.screen() {
            return tasks::finding(self.picture().task(id)?, self.picture());
        }
        let site = self.selected_site()?;
        report.findings.iter().enumerate().find(|(_, finding)| finding.site_id == site)
    }

    /// The finding in the banner: that of the selected site, else the worst of all.
    pub(crate) fn banner_finding(&self) -> Option<(usize, &Finding)> {
        self.selected_finding().or_else(|| {
            let worst = self.picture().report.as_ref()?.open().next()?;
            matches!(self.screen(), Screen::Sites).then_some((0, worst))
        })
    }

    /// Whether the target sees no tasks at all.
    pub(crate) fn is_blind(&self) -> bool {
        let target = self.picture().model.target();
        target
            .is_some_and(|target| matches!(target.instrumentation, Instrumentation::Missing { .. }))
    }

    /// Why data does not come, if it does not. The first screen says so by itself while it has nothing else to show.
    fn lost_because(&self) -> Option<&Problem> {
        let busy = self.live.model.census().is_some() || self.screen() != Screen::Sites;
        self.link.problem.as_ref().filter(|_| busy && self.link.state != LinkState::Connected)
    }

    /// What happened to the target or to the link and what to do next, in lines of at most `width` cells.
    pub(crate) fn news(&self, width: usize) -> Vec<String> {
        let notice = self.notice.iter().map(|notice| format!("{notice}  (Esc)"));
        let lost = self.lost_because();
        let lost =
            lost.map(|lost| format!("{}. Next: {}", lost.what.trim_end_matches('.'), lost.hint));
        notice.chain(lost).flat_map(|text| wrap(&words::printable(&text), width)).collect()
    }

    /// What the link should be asked for, so that the screens of the stack have their data.
    pub(crate) fn wanted_view(&self) -> View {
        let mut view = View { interval: self.settings.interval, ..View::default() };
        for screen in &self.stack {
            match *screen {
                Screen::Tasks { site } => {
                    view.site = site;
                    self.tasks.filter.good().clone_into(&mut view.query);
                    view.sort =
                        Sort { column: self.tasks.column, descending: self.tasks.descending };
                    view.limit = self.wanted_rows();
                }
                Screen::Task { id, .. } => view.focus = vec![id],
                Screen::Explain { .. } => {
                    let examples =
                        self.selected_finding().into_iter().flat_map(|(_, found)| &found.examples);
                    view.focus.extend(examples.map(|example| example.task));
                }
                Screen::Sites | Screen::Help { .. } => {}
            }
        }
        if self.top() == Screen::Sites {
            view.focus = self.examples();
        }
        view
    }

    /// Rows for this page and the next, in steps, so that not every key changes the view.
    fn wanted_rows(&self) -> u32 {
        let needed = self.tasks.cursor.top + 2 * usize::from(self.size.height.max(1));
        needed.next_multiple_of(64).min(MOST_ROWS) as u32
    }

    /// Example tasks of the selected site, for the pane about it.
    pub(crate) fn examples(&self) -> Vec<TaskId> {
        if Layout::of(self).pane == 0 {
            return Vec::new();
        }
        let accused =
            self.selected_finding().map(|(_, finding)| finding.examples.iter().map(|e| e.task));
        let site = self.sites.selected().and_then(|row| self.picture().model.site(row.id));
        let clusters = site
            .into_iter()
            .flat_map(|site| &site.clusters)
            .flat_map(|c| c.examples.iter().copied());
        let mut examples: Vec<TaskId> = Vec::new();
        for id in accused.into_iter().flatten().chain(clusters) {
            if examples.len() < 3 && !examples.contains(&id) {
                examples.push(id);
            }
        }
        examples
    }
}
