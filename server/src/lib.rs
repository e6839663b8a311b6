//! The agent of `stranded`: put it into a Tokio service, and `stranded` can attach to the service while it
//! runs and say which of its tasks will never finish, where they wait and why.
//!
//! ```no_run
//! #[tokio::main]
//! async fn main() {
//!     stranded_server::init();
//!     // The service.
//! }
//! ```
//!
//! A service that has a `tracing` subscriber of its own hands it over instead of installing it; it goes
//! on as before: `Builder::new().wrap(subscriber).init()`.
//!
//! The agent never panics, blocks or unboundedly grows its host, whatever a viewer does. What it cannot do
//! as configured it prints once, and tells every viewer.
//!
//! Reading order:
//!
//! - `builder` and `config`: putting the agent into a process; `faults`: what went wrong there;
//! - `subscriber`: what Tokio tells, told apart from what is the application's; `context`: what a
//!   thread is inside of; `threads`: that of all threads; `own`: which threads are the agent's;
//! - `registry`: the live tasks and their spawn sites, on the target's `clock`;
//! - `stack`: park stacks as addresses; `symbols` and `resolver`: as functions and lines;
//! - `observer`: all of it as facts, with `canary` and `process`, behind the `source` trait;
//! - `agent`: the thread that runs the rest; `listen`: where viewers connect; `edge`, `service` and
//!   `viewer`: what each of them is sent;
//! - [`testing`]: a guard against leaked tasks in a test;
//! - [`sync`]: channels and tokens that tell who holds them.

mod agent;
mod builder;
mod canary;
mod clock;
mod config;
mod context;
mod edge;
mod faults;
mod listen;
mod lockfree;
mod observer;
mod own;
mod process;
mod registry;
mod resolver;
mod service;
mod source;
mod stack;
mod subscriber;
mod symbols;
pub mod sync;
pub mod testing;
mod threads;
mod viewer;

pub use agent::Agent;
pub use builder::{Builder, init};
pub use config::{BadSetting, Resources, Stacks};
pub use listen::Address;
