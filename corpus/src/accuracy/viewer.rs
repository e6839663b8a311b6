//! `stranded` looking at a program, as a process of its own.

use std::env;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use serde_json::{Deserializer, Value};

use super::report::Report;
use super::target::executable;

/// The name by which the executable is the viewer.
pub const VIEWER: &str = "stranded";

/// One report, and when it came, in milliseconds of the system's clock.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) at_ms: u64,
    pub(super) report: Report,
}

/// Watches with `stranded check` for a while, with a report every `every`, and one at the end.
pub(super) fn check(
    address: &str,
    watch: Duration,
    every: Duration,
    scale: f64,
    without: Option<&str>,
) -> anyhow::Result<Vec<Look>> {
    let mut command = stranded(&["check", address, "--json"]);
    command.arg(format!("--for={}ms", watch.as_millis()));
    command.arg(format!("--every={}ms", every.as_millis()));
    command.arg(format!("--time-scale={scale}"));
    if let Some(rule) = without {
        command.arg(format!("--without-rule={rule}"));
    }
    let mut viewer = command.spawn().context("cannot start the viewer")?;
    let (stdout, stderr) = (viewer.stdout.take(), viewer.stderr.take());
    let mut looks = Vec::new();
    if let Some(stdout) = stdout {
        for report in Deserializer::from_reader(stdout).into_iter() {
            looks.push(Look { at_ms: now_ms(), report: report.context("a report is malformed")? });
        }
    }
    let status = viewer.wait().context("the viewer cannot be waited for")?;
    if !matches!(status.code(), Some(0 | 1 | 3)) {
        let mut complaint = String::new();
        if let Some(mut stderr) = stderr {
            stderr.read_to_string(&mut complaint).ok();
        }
        bail!("stranded check ended with {status}: {complaint}");
    }
    Ok(looks)
}

/// The rows of `stranded list`.
pub(super) fn list(address: &str, what: &str) -> anyhow::Result<Vec<Value>> {
    let output = stranded(&["list", address, what, "--json", "--limit=1000"])
        .output()
        .context("cannot start the viewer")?;
    let mut answer: Value = serde_json::from_slice(&output.stdout).with_context(|| {
        format!("stranded list says {}", String::from_utf8_lossy(&output.stderr))
    })?;
    match answer[what]["rows"].take() {
        Value::Array(rows) => Ok(rows),
        other => bail!("stranded list has no rows but {other}"),
    }
}

fn stranded(args: &[&str]) -> Command {
    // A missing executable is told by the spawn that follows.
    let mut command = Command::new(executable().unwrap_or_else(|_| VIEWER.into()));
    command.arg0(VIEWER).args(args);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("STRANDED_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The system's clock, which the programs use too.
pub(super) fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}
