//! A demo service running as a process.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use stranded_tui::demo::Truth;
use tempfile::TempDir;

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A running service; killed when dropped.
pub(crate) struct Demo {
    process: Child,
    files: TempDir,
    /// The target to attach to.
    pub(crate) target: String,
}

impl Demo {
    /// Starts the service with those leaks, at a high rate.
    pub(crate) fn start(leaks: &str) -> Self {
        let files = tempfile::tempdir().unwrap();
        let mut process = stranded(&["--bind", "127.0.0.1:0", "--rate", "4", "--leaks", leaks])
            .arg("--truth")
            .arg(files.path().join("truth.json"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let target = line.trim().strip_prefix("listening on ").expect("an address").to_owned();
        Self { process, files, target }
    }

    /// What the service says is true of it now.
    pub(crate) fn truth(&self) -> Truth {
        let text = fs::read(self.files.path().join("truth.json")).unwrap();
        serde_json::from_slice(&text).expect("a truth file is whole at any time")
    }

    /// Waits until the truth is as `expected`.
    pub(crate) fn wait_for(&self, expected: impl Fn(&Truth) -> bool) -> Truth {
        let start = Instant::now();
        loop {
            let truth = self.truth();
            if expected(&truth) {
                return truth;
            }
            assert!(start.elapsed() < PATIENCE, "still not so: {truth:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Waits for the end of the service.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        Self::end_of(&mut self.process)
    }

    /// Waits for the end of a process.
    pub(crate) fn end_of(process: &mut Child) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = process.try_wait().unwrap() {
                return status;
            }
            if start.elapsed() > PATIENCE {
                process.kill().ok();
                panic!("still running");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Runs the service to its end.
pub(crate) fn run(args: &[&str]) -> Output {
    stranded(args).output().unwrap()
}

/// The command, not started yet.
pub(crate) fn stranded(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stranded"));
    command.args(["demo", "--headless"]).args(args);
    command
}
