//! One viewer: its own view, and what it has been sent of it.
//!
//! Nothing is queued for a viewer. Each update is computed when the one before has been taken, from
//! the facts of that time, so that a slow viewer gets fewer updates and never a longer buffer.

use std::collections::{HashMap, HashSet};
use std::ptr;
use std::sync::Arc;

use stranded_analysis::facts::{
    Activity, EndedTask, Ending, Gauges, Moment, ParkStack, SiteFacts, StackId, TargetInfo,
    TaskFacts, TaskId, Update, View, Window,
};

use crate::edge::Edge;
use crate::source::{Census, Rows};

/// One attached viewer.
pub(crate) struct Viewer {
    edge: Arc<Edge>,
    view: View,
    awaits_names: bool,
    sent: Sent,
}

/// What a viewer has been sent, as far as a later update depends on it.
#[derive(Default)]
struct Sent {
    target: Option<TargetInfo>,
    gauges: Option<Gauges>,
    /// The census whose sites it has. All viewers that keep up share one.
    census: Option<Arc<Census>>,
    /// Whether it has the agent's own sites of that census too.
    own: bool,
    /// The rows that it has, without those that have left its window.
    tasks: HashMap<TaskId, TaskFacts>,
    /// The focused tasks of which it knows that they are gone.
    gone: HashSet<TaskId>,
    window: Option<Window>,
    activity: Option<Activity>,
    /// The stacks that it has, and whether they were resolved.
    stacks: HashMap<StackId, bool>,
}

impl Viewer {
    /// Attaches a viewer, until it is dropped.
    pub(crate) fn attach(edge: Arc<Edge>, view: View) -> Self {
        edge.source().viewers(1);
        Self { edge, view, awaits_names: false, sent: Sent::default() }
    }

    /// Replaces the view from the next update on.
    pub(crate) fn look(&mut self, view: View) {
        self.view = view;
    }

    /// Whether its last update referred to a place whose name is not known yet.
    pub(crate) fn awaits_names(&self) -> bool {
        self.awaits_names
    }

    /// Its view.
    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// Everything that its view selects and that it does not have yet, as of now.
    pub(crate) fn update(&mut self) -> Update {
        let census = self.edge.source().census();
        let rows = self.edge.source().rows(&self.view);
        let mut update = Update::empty(self.edge.boot(), 1, census.at.max(rows.at));

        update.stacks = self.new_stacks(&census, &rows);
        update.target = changed(&mut self.sent.target, self.edge.target());
        update.gauges = changed(&mut self.sent.gauges, census.gauges.clone());
        update.window = changed(&mut self.sent.window, rows.window);
        update.tasks = self.sent.changed_tasks(rows.tasks);
        update.ended = self.sent.newly_gone(&rows.gone, update.at);
        let before = self.sent.census.as_deref();
        let resources = before.map_or(&[][..], |census| &census.resources[..]);
        (update.resources, update.resources_gone) =
            difference(resources, &census.resources, |resource| resource.id);
        let waiting = before.map_or(&[][..], |census| &census.waiting[..]);
        (update.waiting, update.waiting_gone) =
            difference(waiting, &census.waiting, |task| task.id);
        update.activity = changed(&mut self.sent.activity, census.activity.clone());
        update.sites = self.sent.changed_sites(census, self.view.own);
        update
    }

    /// The stacks that the view refers to and that it has not, or not resolved.
    fn new_stacks(&mut self, census: &Census, rows: &Rows) -> Vec<ParkStack> {
        let clusters = census.sites.iter().filter(|site| self.view.own || !site.own);
        let clusters = clusters.flat_map(|site| &site.clusters);
        let sites = census.sites.iter().filter(|site| self.view.own || !site.own);
        let of_spawns = sites.clone().flat_map(|site| &site.spawn_stacks);
        let of_zombies = sites.flat_map(|site| &site.zombies).flat_map(|zombies| &zombies.stacks);
        let rows = rows.tasks.iter().flat_map(|task| &task.registrations);
        let waiting = census.waiting.iter().flat_map(|task| &task.registrations);
        let referred = clusters
            .flat_map(|cluster| cluster.stacks.iter().copied())
            .chain(rows.chain(waiting).map(|registration| registration.stack))
            .chain(of_spawns.chain(of_zombies).map(|count| count.stack));

        let mut asked = HashSet::new();
        let mut new = Vec::new();
        self.awaits_names = false;
        for id in referred {
            let sent = self.sent.stacks.get(&id).copied();
            if sent == Some(true) || !asked.insert(id) {
                continue;
            }
            let Some(stack) = self.edge.source().stack(id) else {
                continue;
            };
            let resolved = stack.wait.is_some() || !stack.frames.is_empty();
            self.awaits_names |= !resolved;
            if sent.is_none() || resolved {
                self.sent.stacks.insert(id, resolved);
                new.push(stack);
            }
        }
        new
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.edge.source().viewers(-1);
    }
}

impl Sent {
    /// The rows among `tasks`, which is all of the window and the focus, that are new or changed.
    fn changed_tasks(&mut self, tasks: Vec<TaskFacts>) -> Vec<TaskFacts> {
        let mut before = std::mem::take(&mut self.tasks);
        let mut changed = Vec::new();
        for task in tasks {
            if before.remove(&task.id).as_ref() != Some(&task) {
                changed.push(task.clone());
            }
            self.tasks.insert(task.id, task);
        }
        changed
    }

    /// The focused tasks among `gone` that it does not know to be gone.
    fn newly_gone(&mut self, gone: &[TaskId], at: Moment) -> Vec<EndedTask> {
        let before = std::mem::replace(&mut self.gone, gone.iter().copied().collect());
        let new = gone.iter().copied().filter(|id| !before.contains(id));
        new.map(|id| EndedTask { id, ending: Ending::Unknown, at }).collect()
    }

    /// The sites of `census`, the agent's `own` too if wanted, that are new or changed.
    fn changed_sites(&mut self, census: Arc<Census>, own: bool) -> Vec<SiteFacts> {
        let had_own = std::mem::replace(&mut self.own, own);
        let before = self.census.take();
        let before = before.as_ref().map_or(&[][..], |census| &census.sites[..]);
        let is_known = |site: &SiteFacts| {
            let Ok(at) = before.binary_search_by_key(&site.id, |site| site.id) else {
                return false;
            };
            let known = &before[at];
            (had_own || !known.own) && (ptr::eq(known, site) || known == site)
        };
        let wanted = census.sites.iter().filter(|site| own || !site.own);
        let changed = wanted.filter(|site| !is_known(site)).cloned().collect();
        self.census = Some(census);
        changed
    }
}

/// What of `now` is new or changed since `before`, and what is gone; both by ascending id.
fn difference<T: Clone + PartialEq, Id: Ord + Copy>(
    before: &[T],
    now: &[T],
    id: impl Fn(&T) -> Id,
) -> (Vec<T>, Vec<Id>) {
    let find = |among: &[T], wanted: Id| among.binary_search_by_key(&wanted, &id).ok();
    let known = |item: &T| find(before, id(item)).is_some_and(|at| before[at] == *item);
    let new = now.iter().filter(|item| !known(item)).cloned().collect();
    let gone = before.iter().map(&id).filter(|id| find(now, *id).is_none()).collect();
    (new, gone)
}

/// `now`, unless that is what `sent` holds.
fn changed<T: Clone + PartialEq>(sent: &mut Option<T>, now: T) -> Option<T> {
    if sent.as_ref() == Some(&now) {
        return None;
    }
    *sent = Some(now.clone());
    Some(now)
}

#[cfg(test)]
mod tests {
    use stranded_analysis::facts::SiteId;

    use super::*;
    use crate::faults::Faults;
    use crate::source::scripted::{Scripted, resolved, site, task, unresolved};

    fn viewer(source: &Arc<Scripted>, view: View) -> Viewer {
        let source = Arc::clone(source);
        Viewer::attach(Arc::new(Edge::new(source, Faults::default())), view)
    }

    fn rows(limit: u32) -> View {
        View { limit, ..View::default() }
    }

    fn sites(update: &Update) -> Vec<u32> {
        update.sites.iter().map(|site| site.id.0).collect()
    }

    fn tasks(update: &Update) -> Vec<u64> {
        update.tasks.iter().map(|task| task.id.0).collect()
    }

    #[test]
    fn the_first_update_carries_everything() {
        let source = Scripted::small();
        let update = viewer(&source, rows(10)).update();
        assert_eq!(update.target.as_ref().unwrap().name, "scripted");
        assert_eq!(update.gauges.as_ref().unwrap().tracked, 1);
        assert_eq!(update.window.as_ref().unwrap().rows, [TaskId(10)]);
        assert_eq!((sites(&update), tasks(&update)), (vec![1], vec![10]));
        assert_eq!(update.stacks, [unresolved(1)]);
        assert!(update.complete);
    }

    #[test]
    fn what_did_not_change_is_not_sent_again() {
        let source = Scripted::small();
        let mut viewer = viewer(&source, rows(10));
        let first = viewer.update();
        source.write(|_| ());
        let second = viewer.update();
        assert!(second.at > first.at);
        assert_eq!(second, Update::empty(second.boot, 1, second.at));
    }

    #[test]
    fn later_updates_carry_only_what_changed() {
        let source = Scripted::small();
        source.write(|facts| facts.put_site(site(2, None)));
        let mut viewer = viewer(&source, rows(10));
        viewer.update();
        source.write(|facts| {
            facts.put_site(site(3, None));
            facts.sites.get_mut(&SiteId(2)).unwrap().live = 7;
            facts.put_task(task(11, 2, None));
        });
        let update = viewer.update();
        assert_eq!((sites(&update), tasks(&update)), (vec![2, 3], vec![11]));
        assert_eq!(update.sites[0].live, 7);
        assert_eq!(update.window.unwrap().matched, 2);
        assert_eq!(update.gauges.unwrap().tracked, 2);
        assert!(update.target.is_none() && update.stacks.is_empty());
    }

    #[test]
    fn a_stack_is_sent_again_once_it_is_resolved_and_then_no_more() {
        let source = Scripted::small();
        let mut viewer = viewer(&source, View::default());
        assert_eq!(viewer.update().stacks, [unresolved(1)]);
        assert_eq!(viewer.update().stacks, []);
        source.write(|facts| facts.put_stack(resolved(1)));
        assert_eq!(viewer.update().stacks, [resolved(1)]);
        assert_eq!(viewer.update().stacks, []);
    }

    #[test]
    fn a_stack_that_only_a_row_refers_to_is_sent() {
        let source = Scripted::small();
        source.write(|facts| {
            facts.put_task(task(11, 1, Some(5)));
            facts.put_stack(resolved(5));
        });
        assert_eq!(viewer(&source, View::default()).update().stacks, [unresolved(1)]);
        let with_rows = viewer(&source, rows(10)).update().stacks;
        assert_eq!(with_rows, [unresolved(1), resolved(5)]);
    }

    #[test]
    fn the_agents_own_sites_are_sent_to_those_who_ask() {
        let source = Scripted::small();
        source.write(|facts| {
            facts.put_site(SiteFacts { own: true, ..site(9, None) });
        });
        let mut viewer = viewer(&source, View::default());
        assert_eq!(sites(&viewer.update()), [1]);
        viewer.look(View { own: true, ..View::default() });
        assert_eq!(sites(&viewer.update()), [9]);
        assert!(viewer.update().sites.is_empty());
    }

    #[test]
    fn a_row_that_comes_back_into_the_window_is_sent_again() {
        let source = Scripted::small();
        let mut viewer = viewer(&source, rows(10));
        assert_eq!(tasks(&viewer.update()), [10]);
        viewer.look(View { site: Some(SiteId(8)), ..rows(10) });
        assert_eq!(viewer.update().window, Some(Window::default()));
        viewer.look(rows(10));
        assert_eq!(tasks(&viewer.update()), [10]);
    }

    #[test]
    fn a_focused_task_that_is_gone_is_told_once() {
        let source = Scripted::small();
        let mut viewer = viewer(&source, View { focus: vec![TaskId(10)], ..View::default() });
        let first = viewer.update();
        assert_eq!((tasks(&first), first.ended.len()), (vec![10], 0));
        source.write(|facts| facts.tasks.clear());
        let second = viewer.update();
        assert_eq!(second.ended.iter().map(|ended| ended.id).collect::<Vec<_>>(), [TaskId(10)]);
        assert!(viewer.update().ended.is_empty());
    }

    #[test]
    fn viewers_count_while_they_are_attached() {
        let source = Scripted::small();
        let one = viewer(&source, View::default());
        let two = viewer(&source, View::default());
        assert_eq!(source.attached(), 2);
        drop((one, two));
        assert_eq!(source.attached(), 0);
    }
}
