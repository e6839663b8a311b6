//! Park stacks with their symbols, resolved on a thread of their own, and only when somebody asks.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use stranded_analysis::facts::{Frame, ParkStack, SiteFacts, StackId, Wait};

use crate::faults::{Faults, Part};
use crate::own;
use crate::process::OwnCpu;
use crate::registry::Registry;
use crate::stack::{BUDGET, CANCELS, CLASSIFIED, Interner, SPAWN, TOKEN, WAKE};
use crate::symbols::Symbols;

/// Stacks looked at in each census although nobody asks for them.
const UNASKED: usize = 4;
/// Requests that may wait; those beyond are asked again with the next update.
const QUEUE: usize = 1024;

/// Stacks kept resolved, of some kilobytes each; should somebody look at more of them, each is resolved again.
const MOST_RESOLVED: usize = 4096;

/// Resolves stacks, once for all who look at them.
#[derive(Debug)]
pub(crate) struct Resolver {
    registry: Arc<Registry>,
    cpu: Arc<OwnCpu>,
    faults: Faults,
    known: Arc<Mutex<Known>>,
    requests: OnceLock<Option<SyncSender<StackId>>>,
}

#[derive(Debug, Default)]
struct Known {
    resolved: HashMap<StackId, ParkStack>,
    /// Those under way.
    asked: HashSet<StackId>,
    /// Source files of spawn sites, from which the root of the workspace shows; learnt ones are taken out.
    places: Vec<String>,
    places_seen: HashSet<String>,
}

impl Resolver {
    pub(crate) fn new(registry: Arc<Registry>, cpu: Arc<OwnCpu>, faults: Faults) -> Self {
        Self { registry, cpu, faults, known: Arc::default(), requests: OnceLock::new() }
    }

    /// Remembers where tasks are spawned, so that paths are shown as those places are.
    pub(crate) fn learn_places(&self, sites: &[SiteFacts]) {
        let mut known = lock(&self.known);
        for site in sites.iter().filter(|site| !site.own) {
            if !known.places_seen.contains(&site.site.file) {
                known.places_seen.insert(site.site.file.clone());
                known.places.push(site.site.file.clone());
            }
        }
    }

    /// Looks at some of these stacks although nobody asks for them: what they are decides what is recorded.
    pub(crate) fn classify(&self, stacks: &[StackId]) {
        let open = stacks.iter().filter(|id| !self.registry.stacks().is(id.0, CLASSIFIED));
        for id in open.take(UNASKED) {
            self.stack(*id);
        }
    }

    /// A stack: resolved if that has been done, else its addresses, and its resolution is under way.
    pub(crate) fn stack(&self, id: StackId) -> Option<ParkStack> {
        let mut known = lock(&self.known);
        if let Some(stack) = known.resolved.get(&id) {
            return Some(stack.clone());
        }
        let addresses = self.registry.stacks().addresses(id.0)?;
        let worker = self.requests.get_or_init(|| self.start());
        if !known.asked.contains(&id)
            && let Some(worker) = worker
            && worker.try_send(id).is_ok()
        {
            known.asked.insert(id);
        }
        Some(unresolved(id, addresses))
    }

    fn start(&self) -> Option<SyncSender<StackId>> {
        let (requests, queue) = sync_channel(QUEUE);
        let (registry, cpu, known) =
            (Arc::clone(&self.registry), Arc::clone(&self.cpu), Arc::clone(&self.known));
        let faults = self.faults.clone();
        let thread =
            std::thread::Builder::new().name("stranded-symbols".to_owned()).spawn(move || {
                own::mark_thread();
                cpu.add_thread();
                work(&registry, &queue, &known, &faults);
            });
        match thread {
            Ok(_) => Some(requests),
            Err(error) => {
                self.faults.note(Part::Thread, format!("no thread to resolve symbols: {error}"));
                None
            }
        }
    }
}

/// Resolves what is asked for until the resolver is gone.
fn work(registry: &Registry, queue: &Receiver<StackId>, known: &Mutex<Known>, faults: &Faults) {
    let mut symbols = Symbols::default();
    while let Ok(id) = queue.recv() {
        let places = std::mem::take(&mut lock(known).places);
        let stack = catch_unwind(AssertUnwindSafe(|| {
            for place in &places {
                symbols.learn_root(place);
            }
            resolved(&mut symbols, id, registry.stacks())
        }));
        let stack = stack.unwrap_or_else(|payload| {
            faults.panicked("symbol resolution", &*payload);
            // It would do so again.
            registry.stacks().addresses(id.0).map(|addresses| unresolved(id, addresses))
        });
        if let Some(stack) = stack {
            lock(known).keep(stack);
        }
    }
}

impl Known {
    fn keep(&mut self, stack: ParkStack) {
        if self.resolved.len() >= MOST_RESOLVED {
            self.resolved.clear();
        }
        self.asked.remove(&stack.id);
        self.resolved.insert(stack.id, stack);
    }
}

/// The stack with its symbols, which takes a while for the first one of a process.
pub(crate) fn resolved(symbols: &mut Symbols, id: StackId, stacks: &Interner) -> Option<ParkStack> {
    let mut stack = unresolved(id, stacks.addresses(id.0)?);
    let described = if stacks.is(id.0, SPAWN) {
        symbols.describe_spawn(&stack.addresses)
    } else {
        symbols.describe(&stack.addresses)
    };
    let in_budget = |frame: &Frame| frame.function.starts_with("tokio::task::coop");
    let marks = [
        (TOKEN, described.wait == Some(Wait::Cancelled)),
        (BUDGET, described.frames.iter().any(in_budget)),
        (CANCELS, stacks.is(id.0, WAKE) && symbols.cancels(&stack.addresses)),
        (CLASSIFIED, true),
    ];
    for (mark, _) in marks.into_iter().filter(|(_, is)| *is) {
        stacks.mark(id.0, mark);
    }
    stack.wait = described.wait;
    stack.park = described.park;
    stack.frames = described.frames;
    Some(stack)
}

fn unresolved(id: StackId, addresses: &[usize]) -> ParkStack {
    ParkStack {
        id,
        wait: None,
        park: None,
        addresses: addresses.iter().map(|address| *address as u64).collect(),
        frames: Vec::new(),
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_stacks_are_looked_at_few_are_kept() {
        let mut known = Known::default();
        for id in (0..3 * MOST_RESOLVED as u32).map(StackId) {
            known.asked.insert(id);
            known.keep(unresolved(id, &[1, 2]));
            assert!(known.resolved.contains_key(&id));
        }
        assert!(known.resolved.len() <= MOST_RESOLVED);
        assert!(known.asked.is_empty());
    }
}
