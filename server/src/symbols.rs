//! Names the calls of a park stack, and says what it waits for and on which line of the user's code.
//!
//! - [`call`]: one call, from the debug information and the [`symtab`] of this process
//! - [`name`] and [`source`]: what a function's name and a file's path tell
//! - [`table`]: which function waits for what, as data
//! - [`leaf`]: the ends of a stack, and its wait
//! - [`roots`]: how user files are spelled
//!
//! Reading debug information takes long (a second the first time), so all of this runs on the agent's
//! own thread, only for stacks that somebody looks at.

mod call;
mod leaf;
mod name;
mod roots;
mod source;
mod symtab;
mod table;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use stranded_analysis::facts::{Frame, Wait};

use call::Call;
use roots::Roots;
use source::Origin;
use symtab::SymbolTable;

/// Addresses of which the calls are kept; a service has a few thousand distinct ones in its park stacks.
const MOST_ADDRESSES: usize = 8192;

/// Resolves return addresses of this process.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    calls: HashMap<u64, Arc<[Call]>>,
    symbol_table: OnceLock<Option<SymbolTable>>,
    roots: Roots,
}

/// A stack in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Described {
    /// What it waits for; `None` where the binary has no names at all, and of a spawn.
    pub(crate) wait: Option<Wait>,
    /// Index in `frames` of the first frame of user code.
    pub(crate) park: Option<usize>,
    /// The calls, leaf first, from the primitive to the root of the task.
    pub(crate) frames: Vec<Frame>,
}

impl Symbols {
    /// Describes a stack of return addresses, leaf first, captured while a waker was cloned.
    pub(crate) fn describe(&mut self, addresses: &[u64]) -> Described {
        let calls = self.calls(addresses);
        let calls = &calls[leaf::of_the_task(&calls)];
        Described { wait: leaf::wait(calls), ..self.described(calls) }
    }

    /// Describes a stack of return addresses, leaf first, captured while a task was spawned: from whoever called
    /// Tokio for it to the root of the spawning task, or to the start of the thread.
    pub(crate) fn describe_spawn(&mut self, addresses: &[u64]) -> Described {
        let calls = self.calls(addresses);
        self.described(&calls[leaf::of_the_spawn(&calls)])
    }

    /// Whether a stack, captured while a task was woken, is that of the cancellation of a token.
    pub(crate) fn cancels(&mut self, addresses: &[u64]) -> bool {
        self.calls(addresses).iter().any(|call| {
            let of_tokens = |function| call.is("tokio_util::sync::cancellation_token", function);
            of_tokens("CancellationToken::cancel")
                || of_tokens("cancel")
                || of_tokens("DropGuard::drop")
        })
    }

    fn described(&self, calls: &[Call]) -> Described {
        Described {
            wait: None,
            park: calls.iter().position(|call| call.origin == Origin::User),
            frames: calls.iter().map(|call| self.frame(call)).collect(),
        }
    }

    /// All calls at these addresses.
    fn calls(&mut self, addresses: &[u64]) -> Vec<Call> {
        let mut calls: Vec<Call> = Vec::new();
        for address in addresses {
            calls.extend_from_slice(&self.calls_at(*address));
        }
        call::name_from_neighbours(&mut calls);
        calls
    }

    /// Learns from the file of a spawn site how the user's files are to be spelled: relative to the
    /// folder in which the compiler ran.
    pub(crate) fn learn_root(&mut self, spawn_site_file: &str) {
        self.roots.note(spawn_site_file);
        for call in self.calls.values().flat_map(|calls| calls.iter()) {
            learn_from(&mut self.roots, call);
        }
    }

    /// The calls at a return address.
    fn calls_at(&mut self, address: u64) -> Arc<[Call]> {
        if let Some(calls) = self.calls.get(&address) {
            return calls.clone();
        }
        if self.calls.len() >= MOST_ADDRESSES {
            self.calls.clear();
        }
        // A return address is that of the next instruction, which may belong to another line.
        let symbol_table = self.symbol_table.get_or_init(SymbolTable::read).as_ref();
        let calls: Arc<[Call]> = call::calls_at(address.saturating_sub(1), symbol_table).into();
        for call in calls.iter() {
            learn_from(&mut self.roots, call);
        }
        self.calls.insert(address, calls.clone());
        calls
    }

    fn frame(&self, call: &Call) -> Frame {
        let user = call.origin == Origin::User;
        let file =
            call.file.as_deref().map(|file| if user { self.roots.relative(file) } else { file });
        Frame { function: call.function(), file: file.map(str::to_owned), line: call.line, user }
    }
}

/// Lets the user's files tell in which folder they were compiled.
fn learn_from(roots: &mut Roots, call: &Call) {
    if let (Origin::User, Some(file)) = (call.origin, &call.file) {
        roots.learn(file);
    }
}
