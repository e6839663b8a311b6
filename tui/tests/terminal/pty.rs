//! A command in a pseudo terminal, and what its screen shows.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

/// Long enough for the slowest machine; nothing waits this long unless it fails.
const PATIENCE: Duration = Duration::from_secs(60);
const ROWS: NonZeroU16 = NonZeroU16::new(24).unwrap();
const COLUMNS: NonZeroU16 = NonZeroU16::new(80).unwrap();

/// The running command and its terminal.
pub(crate) struct Pty {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    /// The modes of the terminal before the command.
    modes: String,
    keyboard: Box<dyn Write + Send>,
    screen: Arc<(Mutex<vt100::Parser>, Condvar)>,
}

impl Pty {
    /// Runs `stranded` with these arguments and variables.
    pub(crate) fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: ROWS.get(), cols: COLUMNS.get(), ..PtySize::default() };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_stranded"));
        command.args(arguments);
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        for name in ["NO_COLOR", "STRANDED_TARGET", "CLICOLOR_FORCE", "RUST_BACKTRACE"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        for (name, value) in variables {
            command.env(name, value);
        }
        let modes = modes(&*pair.master);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let parser = vt100::Parser::new(ROWS, COLUMNS, 100);
        let screen = Arc::new((Mutex::new(parser), Condvar::new()));
        let mut output = pair.master.try_clone_reader().unwrap();
        let keyboard = pair.master.take_writer().unwrap();
        let painted = Arc::clone(&screen);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                painted.0.lock().unwrap().process(&bytes[..read]);
                painted.1.notify_all();
            }
        });
        Self { child, master: pair.master, modes, keyboard, screen }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Gives the terminal another size, as a window that is dragged does.
    pub(crate) fn resize(&self, rows: NonZeroU16, columns: NonZeroU16) {
        let size = PtySize { rows: rows.get(), cols: columns.get(), ..PtySize::default() };
        self.screen.0.lock().unwrap().screen_mut().set_size(rows, columns);
        self.master.resize(size).unwrap();
    }

    /// Reads the screen as it is.
    pub(crate) fn screen<T>(&self, read: impl FnOnce(&vt100::Screen) -> T) -> T {
        read(self.screen.0.lock().unwrap().screen())
    }

    /// Waits until the screen shows something.
    pub(crate) fn wait_for(&self, what: &str, shown: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut parser = self.screen.0.lock().unwrap();
        while !shown(parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no sign of {what} on:\n{}", parser.screen().contents());
            parser = self.screen.1.wait_timeout(parser, left).unwrap().0;
        }
    }

    pub(crate) fn send(&self, signal: Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// Waits until a signal has stopped the command.
    pub(crate) fn wait_until_stopped(&self) {
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
        let status = rustix::process::waitid(WaitId::Pid(self.pid()), options).unwrap();
        assert!(status.is_some_and(|status| status.stopped()));
    }

    /// Waits until it has ended.
    pub(crate) fn exit_code(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < deadline, "it does not end");
            thread::yield_now();
        }
    }

    /// Whether the terminal is in the modes that it was in before the command.
    pub(crate) fn has_its_modes_back(&self) -> bool {
        modes(&*self.master) == self.modes
    }

    fn pid(&self) -> Pid {
        let pid = self.child.process_id().and_then(|pid| i32::try_from(pid).ok());
        pid.and_then(Pid::from_raw).unwrap()
    }
}

/// How the terminal edits lines, echoes and translates, as far as two readings can be compared.
fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
