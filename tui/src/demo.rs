//! A realistic service that leaks in every way known to us, to look at and to test with.
//!
//! Reading order: [`service`] starts it, [`router`] has its routes, [`leaks`] its faults, [`healthy`] the
//! tasks that only look like faults, [`load`] its customers, [`truth`] what is true of them all. [`child`]
//! runs it as a process beside the terminal UI.

mod archive;
mod child;
mod healthy;
mod leaks;
mod load;
mod neighbours;
mod orders;
mod router;
mod service;
mod shop;
mod truth;
mod vendor_bus;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

pub use child::{Child, start_child, start_child_of};
pub use leaks::{LEAKS, Leak, Leaks, UnknownLeak};
pub use service::run_headless;
pub use truth::file::{SiteTruth, Truth, WaitTruth};

/// Where the agent listens unless told otherwise.
const DEFAULT_ADDRESS: &str = "127.0.0.1:6669";

/// A demo service: a small HTTP service that leaks tasks in thirteen ways
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Run the service alone, without the terminal UI
    #[arg(long)]
    pub headless: bool,

    /// Address of the service's agent, with port 0 for any free one [default: 127.0.0.1:6669]
    #[arg(long, value_name = "ADDR")]
    pub bind: Option<String>,

    /// Which leaks to provoke: names with commas between them, `all` or `none`
    #[arg(long, value_name = "LIST", default_value = "all")]
    pub leaks: Leaks,

    /// Keep a JSON file of what is true of the service's tasks
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,

    /// End after this time, such as `30s` or `5m`
    #[arg(long = "for", value_name = "TIME", value_parser = span)]
    pub run_for: Option<Duration>,

    /// How many times faster than usual to leak
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = factor)]
    pub rate: f64,

    /// Write the log of the service to standard error
    #[arg(long, requires = "headless")]
    pub log: bool,

    /// End when standard input does
    #[arg(long, hide = true, requires = "headless")]
    pub child: bool,
}

impl DemoArgs {
    /// Where the agent is to listen.
    fn address(&self) -> &str {
        self.bind.as_deref().unwrap_or(DEFAULT_ADDRESS)
    }
}

fn span(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration =
        text.parse().map_err(|error: jiff::Error| error.to_string())?;
    Duration::try_from(span).map_err(|_| "a time cannot be negative".to_owned())
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(factor) if (0.01..=100.0).contains(&factor) => Ok(factor),
        Ok(_) => Err("from 0.01 to 100".to_owned()),
        Err(_) => Err("not a number".to_owned()),
    }
}
