//! The process around a program: its command line, its runtime, and the agent in it.

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use stranded_server::Agent;
use tokio::runtime::{self, Runtime};
use tokio::task::LocalSet;
use tracing::subscriber::NoSubscriber;

use super::stage::Stage;
use super::{noise, truth};
use crate::programs;

/// How long the agent may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// How to run one program.
#[derive(Args, Clone, Debug)]
pub struct ProgramArgs {
    /// Which program
    pub name: String,

    /// Where to write what is true of its tasks
    #[arg(long, value_name = "FILE")]
    pub truth: PathBuf,

    /// How many visitors a second meet the fault
    #[arg(long, default_value = "1")]
    pub rate: f64,

    /// How many visitors meet the fault at all
    #[arg(long, default_value = "1000")]
    pub instances: u64,

    /// The runtime: `current_thread`, `local` (a task of a `LocalSet`), or `multi:N` with N workers
    #[arg(long, default_value = "multi:2")]
    pub flavor: Flavor,

    /// Healthy requests a second beside the program
    #[arg(long, default_value = "0")]
    pub noise: u32,

    /// Whether the agent can see tasks
    #[arg(long, value_enum, default_value_t = Instrumentation::On)]
    pub instrumentation: Instrumentation,
}

/// Whether the agent can see tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Instrumentation {
    /// It can.
    On,
    /// Another subscriber was there before it: a common mistake.
    Off,
}

/// A kind of runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// One thread.
    CurrentThread,
    /// So many workers.
    Multi(usize),
    /// One thread, the program in a task of a `LocalSet`.
    Local,
}

impl FromStr for Flavor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "current_thread" => Ok(Self::CurrentThread),
            "local" => Ok(Self::Local),
            _ => match text.strip_prefix("multi:").map(str::parse) {
                Some(Ok(workers @ 1..=64)) => Ok(Self::Multi(workers)),
                _ => Err("`current_thread`, `local` or `multi:N`"),
            },
        }
    }
}

/// Runs a program until standard input ends. It starts the runtime itself: it is the main function of a process.
///
/// The first line of standard output is `listening on ADDRESS`.
pub fn main(args: &ProgramArgs) -> anyhow::Result<()> {
    let Some(program) = programs::by_name(&args.name) else {
        bail!("no program is called `{}`\nhint: `accuracy --list` shows them", args.name);
    };
    truth::keep(&args.truth).context("cannot write the truth file")?;
    let runtime = runtime(args.flavor).context("cannot start the runtime")?;
    let agent = agent(args, &runtime)?;
    let Some(address) = agent.address(PATIENCE) else {
        bail!("the agent does not listen: {}", agent.faults().join("; "));
    };
    writeln!(io::stdout(), "listening on {address}").context("cannot say where it listens")?;
    end_with_parent()?;
    let stage = Stage { rate: args.rate, instances: args.instances };
    let run = async {
        if args.noise > 0 {
            tokio::spawn(noise::traffic(args.noise));
        }
        match args.flavor {
            // The main function of such a service is often a local task itself.
            Flavor::Local => drop(tokio::task::spawn_local((program.run)(stage)).await),
            _ => (program.run)(stage).await,
        }
        // A program that has nothing more to do leaves its tasks as they are.
        std::future::pending::<()>().await;
    };
    match args.flavor {
        Flavor::Local => LocalSet::new().block_on(&runtime, run),
        _ => runtime.block_on(run),
    }
    Ok(())
}

fn runtime(flavor: Flavor) -> io::Result<Runtime> {
    match flavor {
        Flavor::CurrentThread | Flavor::Local => runtime::Builder::new_current_thread(),
        Flavor::Multi(workers) => {
            let mut builder = runtime::Builder::new_multi_thread();
            builder.worker_threads(workers);
            builder
        }
    }
    .enable_all()
    .build()
}

/// Every program has the same name: what a process is called must not tell what it does.
fn agent(args: &ProgramArgs, runtime: &Runtime) -> anyhow::Result<Agent> {
    if args.instrumentation == Instrumentation::Off {
        tracing::subscriber::set_global_default(NoSubscriber::new())
            .context("somebody has set a subscriber already")?;
    }
    // Logging as services have it, but to nowhere.
    let logging = tracing_subscriber::fmt().with_env_filter("info").with_writer(io::sink).finish();
    let builder = stranded_server::Builder::new().name("service").bind("127.0.0.1:0");
    Ok(builder.runtime(runtime.handle().clone()).wrap(logging).init())
}

/// Ends the process when standard input ends: the parent holds the other side of it and never writes.
fn end_with_parent() -> io::Result<()> {
    thread::Builder::new().name("parent".to_owned()).spawn(|| {
        // Whatever ends the reading, the parent is gone.
        io::stdin().read_to_end(&mut Vec::new()).ok();
        std::process::exit(0);
    })?;
    Ok(())
}
