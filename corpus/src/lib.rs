//! Small Tokio programs that leak, or only look as if they did, and how well `stranded` tells them apart.
//!
//! Every program is one module of [`programs`] and runs as a process of its own with the agent in it. What is
//! true of its tasks it writes to a side file ([`harness::truth`]) that neither the agent nor the engine ever
//! sees. [`accuracy`] runs programs, judges them through `stranded check --json` over the real link, and compares.

pub mod accuracy;
pub mod harness;
pub mod programs;
