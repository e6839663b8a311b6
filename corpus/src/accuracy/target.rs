//! A program of the corpus in a process of its own.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use super::args::Settings;
use crate::harness::Program;
use crate::harness::process::{Flavor, Instrumentation};
use crate::harness::truth::{self, Line};

/// A running program; killed when dropped.
#[derive(Debug)]
pub struct Target {
    process: Child,
    files: TempDir,
    /// Where its agent listens.
    pub address: String,
}

impl Target {
    /// Starts `program`, and waits until its agent listens.
    pub fn start(program: &Program, settings: &Settings) -> anyhow::Result<Self> {
        let files = tempfile::tempdir().context("no directory for the truth")?;
        let flavor = match settings.flavor {
            Flavor::CurrentThread => "current_thread".to_owned(),
            Flavor::Local => "local".to_owned(),
            Flavor::Multi(workers) => format!("multi:{workers}"),
        };
        let mut command = Command::new(executable()?);
        command.args(["program", program.name, "--flavor", &flavor]);
        command.arg("--truth").arg(truth_in(&files));
        command.arg(format!("--rate={}", settings.rate));
        command.arg(format!("--instances={}", settings.instances));
        command.arg(format!("--noise={}", settings.noise));
        if settings.instrumentation == Instrumentation::Off {
            command.arg("--instrumentation=off");
        }
        // Whatever the user has set for other services.
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("STRANDED_") {
                command.env_remove(name);
            }
        }
        command.env("STRANDED_RESOURCES", "all");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().context("cannot start the program")?;
        let stdout = process.stdout.take();
        // From here on the process is killed on every way out.
        let mut target = Self { process, files, address: String::new() };
        let mut line = String::new();
        if let Some(stdout) = stdout {
            BufReader::new(stdout).read_line(&mut line).context("the program says nothing")?;
        }
        let Some(address) = line.trim().strip_prefix("listening on ") else {
            bail!("{} began with `{}` instead of its address", program.name, line.trim());
        };
        address.clone_into(&mut target.address);
        Ok(target)
    }

    /// What the program has said so far is true of it.
    pub fn truth(&self) -> anyhow::Result<Vec<Line>> {
        truth::read(&truth_in(&self.files)).context("cannot read the truth")
    }

    /// Fails if the process has ended.
    pub fn check_alive(&mut self) -> anyhow::Result<()> {
        match self.process.try_wait().context("the program cannot be waited for")? {
            Some(status) => bail!("the program ended with {status}"),
            None => Ok(()),
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill, and only to reap.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn truth_in(files: &TempDir) -> PathBuf {
    files.path().join("truth.jsonl")
}

/// The executable that is also every program and the viewer: this one, or beside this test.
pub(super) fn executable() -> anyhow::Result<PathBuf> {
    let own = env::current_exe().context("this process has no executable")?;
    let beside_test = own
        .parent()
        .filter(|folder| folder.ends_with("deps"))
        .and_then(|deps| deps.parent())
        .map(|profile| profile.join("accuracy"));
    Ok(beside_test.filter(|path| path.is_file()).unwrap_or(own))
}
