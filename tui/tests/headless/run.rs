//! Running the command as a user does.

use std::process::Output;

use assert_cmd::Command;

/// What a run of the command left behind.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// `stranded` with `arguments`, split at blanks, in an environment that does not change it.
pub(crate) fn stranded(arguments: &str) -> Ran {
    let output = command(arguments).output().unwrap();
    Ran::of(&output)
}

/// The command, not started yet.
pub(crate) fn command(arguments: &str) -> Command {
    let mut command = Command::cargo_bin("stranded").unwrap();
    command.args(arguments.split_whitespace());
    for variable in
        ["STRANDED_TARGET", "STRANDED_TIME_SCALE", "STRANDED_POLICY", "NO_COLOR", "RUST_BACKTRACE"]
    {
        command.env_remove(variable);
    }
    command.timeout(std::time::Duration::from_secs(60));
    command
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().expect("it was not killed"),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// Both streams and the code, for the message of a failing assertion.
    pub(crate) fn all(&self) -> String {
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }

    /// Asserts an error for the user: code 2, a sentence, a hint, and no trace of the inside.
    #[track_caller]
    pub(crate) fn assert_error(&self, what: &str, hint: &str) {
        assert_eq!(self.code, 2, "{}", self.all());
        assert!(self.stdout.is_empty(), "{}", self.all());
        assert!(self.stderr.starts_with("error: "), "{}", self.all());
        assert!(self.stderr.contains(what), "{what:?} is missing: {}", self.all());
        let hints = self.stderr.lines().find_map(|line| line.strip_prefix("hint: "));
        assert!(
            hints.is_some_and(|said| said.contains(hint)),
            "{hint:?} is missing: {}",
            self.all()
        );
        assert!(
            !self.stderr.contains("panicked") && !self.stderr.contains("backtrace"),
            "{}",
            self.all()
        );
        assert!(!self.stderr.contains('\u{1b}'), "no colour in a pipe: {}", self.all());
    }
}
