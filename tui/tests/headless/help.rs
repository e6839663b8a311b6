//! Help, versions, pages, and mistakes on the command line.

use std::process::{Command, Stdio};

use crate::run::{command, stranded};

const COMMANDS: [&str; 9] =
    ["check", "list", "show", "doctor", "explain", "demo", "completions", "man", ""];

#[test]
fn every_command_has_help_that_fits_and_exits_with_0() {
    for name in COMMANDS {
        let ran = stranded(&format!("{name} --help"));
        assert_eq!(ran.code, 0, "{}", ran.all());
        assert!(ran.stdout.contains("Usage: stranded"), "{}", ran.all());
        assert!(!ran.stdout.contains('\u{1b}'), "no colour in a pipe: {}", ran.all());
        let long = ran.stdout.lines().find(|line| line.chars().count() > 110);
        assert_eq!(long, None, "{name}");
    }
}

#[test]
fn the_overview_names_every_command() {
    let ran = stranded("--help");
    for name in COMMANDS.iter().filter(|name| !name.is_empty()) {
        let line = format!("  {name} ");
        assert!(ran.stdout.lines().any(|found| found.starts_with(&line)), "{name}: {}", ran.all());
    }
}

#[test]
fn the_version_is_that_of_the_crate() {
    let ran = stranded("--version");
    assert_eq!(ran.stdout, format!("stranded {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn unknown_flags_values_and_policies_are_errors() {
    for (arguments, said) in [
        ("check localhost --fail", "--fail-on"),
        ("check localhost --policy", "a value is required for '--policy <FILE>'"),
        ("check localhost --baseline a --write-baseline b", "cannot be used with"),
        ("check localhost --fail-on maybe", "[possible values: proven, likely, watch]"),
        ("check localhost --for 20", "with its unit"),
        ("check localhost --for 0s", "above zero"),
        ("check a b", "unexpected argument 'b'"),
        ("list localhost timers", "[possible values: sites, tasks, resources]"),
        ("list localhost --limit 0", "1..=1000"),
        ("show localhost main", "named by its number"),
        ("completions tcsh", "[possible values: "),
        ("--color sometimes", "[possible values: auto, always, never]"),
        ("--time-scale 0", "give a factor"),
        ("localhost check", "a target comes after it"),
    ] {
        let ran = stranded(arguments);
        assert_eq!(ran.code, 2, "{arguments}: {}", ran.all());
        assert!(
            ran.stderr.starts_with("error: ") && ran.stderr.contains(said),
            "{arguments}: {}",
            ran.all()
        );
        assert!(ran.stdout.is_empty(), "{arguments}: {}", ran.all());
    }
}

#[test]
fn a_mistyped_command_is_recognised() {
    stranded("chekc").assert_error("`chekc` is not a target", "did you mean `stranded check`?");
    stranded("orders").assert_error("`orders` is not a target", "HOST:PORT");
    stranded("./night.rec").assert_error("no file `./night.rec`", "HOST:PORT");
    stranded("lst localhost").assert_error("no command `lst`", "did you mean `stranded list`?");
    stranded("chekc --for 5s").assert_error("no command `chekc`", "did you mean `stranded check`?");
    stranded("man chekc").assert_error("no command `chekc`", "did you mean `check`?");
}

#[test]
fn without_a_terminal_the_terminal_ui_names_the_other_commands() {
    stranded("localhost").assert_error("needs a terminal", "stranded check http://localhost:6669");
    stranded("demo").assert_error("needs a terminal", "stranded demo --headless");
}

#[test]
fn rules_are_explained_listed_and_guessed() {
    let ran = stranded("explain l1");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.starts_with("L1 survivors: likely\n"), "{}", ran.all());
    let ran = stranded("explain");
    assert!(ran.stdout.contains("  P1  proven   lost waker\n"), "{}", ran.all());
    stranded("explain P11").assert_error("no rule `P11`", "did you mean `P1`?");
    stranded("explain L99").assert_error("no rule `L99`", "The rules are P1");
}

#[test]
fn completions_and_pages_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = stranded(&format!("completions {shell}"));
        assert_eq!(ran.code, 0, "{}", ran.all());
        for name in ["doctor", "--fail-on"] {
            assert!(ran.stdout.contains(name.trim_start_matches('-')), "{shell}: {name}");
        }
    }
    let ran = stranded("man");
    assert!(ran.stdout.contains(".TH stranded 1"), "{}", ran.all());
    let ran = stranded("man check");
    assert!(
        ran.stdout.contains("stranded\\-check") && ran.stdout.contains("fail\\-on"),
        "{}",
        ran.all()
    );
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("stranded"))
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_signal_ends_a_watch_with_its_own_code() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let child = Command::new(assert_cmd::cargo::cargo_bin("stranded"))
            .args(["check", &listener.local_addr().unwrap().to_string(), "--for", "1h"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It has installed its handlers before it connects.
        let (connection, _) = listener.accept().unwrap();
        let mut kill =
            Command::new("kill").args([signal, &child.id().to_string()]).spawn().unwrap();
        assert!(kill.wait().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{signal}");
        drop(connection);
    }
}

#[test]
fn colour_is_used_only_where_it_is_asked_for() {
    let plain = stranded("doctor 127.0.0.1:1");
    assert!(!plain.stdout.contains('\u{1b}'), "{}", plain.all());
    let output = command("doctor 127.0.0.1:1 --color always").output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("\u{1b}[1;31mFAIL"));
}
