//! The service as a child process.

use std::env;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::{DEFAULT_ADDRESS, DemoArgs};

/// How long the service may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// The service in a process of its own, which is killed when this is dropped.
///
/// It also ends by itself when its standard input does, so it does not outlive a viewer that was killed.
#[derive(Debug)]
pub struct Child {
    process: process::Child,
    address: String,
    note: Option<String>,
}

impl Child {
    /// Where its agent listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What the user should know about how it was started.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill, and only to reap.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Starts this executable again as `demo --headless`, and waits until its agent listens.
pub fn start_child(args: &DemoArgs) -> anyhow::Result<Child> {
    start_child_of(&env::current_exe().context("cannot find the executable of this process")?, args)
}

/// Starts `executable`, a `stranded`, in that way.
pub fn start_child_of(executable: &Path, args: &DemoArgs) -> anyhow::Result<Child> {
    let (bind, note) = match &args.bind {
        Some(bind) => (bind.as_str(), None),
        None => free_address(),
    };
    let mut process = command(executable, args, bind)
        .spawn()
        .context("cannot start the demo service as a process of its own")?;
    let stdout = process.stdout.take();
    let stderr = process.stderr.take();
    // From here on the process is killed on every way out.
    let mut child = Child { process, address: String::new(), note };
    let (Some(stdout), Some(mut stderr)) = (stdout, stderr) else {
        bail!("the demo service has no output to read from");
    };

    let complaint = thread::spawn(move || {
        let mut text = Vec::new();
        stderr.by_ref().take(16 * 1024).read_to_end(&mut text).ok();
        // Whatever follows is read away, so that the service never waits for somebody to read it.
        std::io::copy(&mut stderr, &mut std::io::sink()).ok();
        String::from_utf8_lossy(&text).trim().to_owned()
    });
    let (send, first_line) = mpsc::channel();
    thread::spawn(move || {
        let mut lines = BufReader::new(stdout).lines();
        if let Some(Ok(line)) = lines.next() {
            // The receiver is gone only if it has lost patience.
            send.send(line).ok();
        }
        lines.for_each(drop);
    });

    match first_line.recv_timeout(PATIENCE) {
        Ok(line) => match line.strip_prefix("listening on ") {
            Some(address) => address.clone_into(&mut child.address),
            None => bail!("the demo service began with `{line}` instead of its address"),
        },
        Err(RecvTimeoutError::Timeout) => {
            bail!("the demo service was not ready after {} s", PATIENCE.as_secs())
        }
        Err(RecvTimeoutError::Disconnected) => {
            drop(child);
            let complaint = complaint.join().unwrap_or_default();
            bail!("the demo service ended before it was ready\n{complaint}")
        }
    }
    Ok(child)
}

fn command(executable: &Path, args: &DemoArgs, bind: &str) -> Command {
    let mut command = Command::new(executable);
    command.args(["demo", "--headless", "--child", "--bind", bind]);
    command.arg(format!("--leaks={}", args.leaks)).arg(format!("--rate={}", args.rate));
    if let Some(path) = &args.truth {
        command.arg("--truth").arg(path);
    }
    if let Some(span) = args.run_for {
        command.arg(format!("--for={}ms", span.as_millis()));
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The default address, or any free one and a word about it if the default is taken.
fn free_address() -> (&'static str, Option<String>) {
    match TcpListener::bind(DEFAULT_ADDRESS) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let note = format!("{DEFAULT_ADDRESS} is in use, so the demo took another port");
            ("127.0.0.1:0", Some(note))
        }
        // Any other trouble is better told by the service.
        _ => (DEFAULT_ADDRESS, None),
    }
}
