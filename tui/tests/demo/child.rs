//! The service as a child of the terminal UI.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use stranded_tui::demo::{Child, DemoArgs, start_child_of};

use crate::process::{Demo, stranded};

fn start(bind: Option<String>) -> anyhow::Result<Child> {
    let args = DemoArgs {
        headless: false,
        bind,
        leaks: "none".parse().unwrap(),
        truth: None,
        run_for: None,
        rate: 1.0,
        log: false,
        child: false,
    };
    start_child_of(Path::new(env!("CARGO_BIN_EXE_stranded")), &args)
}

fn is_running(pid: u32) -> bool {
    let kill = Command::new("kill").arg("-0").arg(pid.to_string()).stderr(Stdio::null()).status();
    kill.unwrap().success()
}

#[test]
fn it_listens_once_it_is_started_and_ends_when_dropped() {
    let child = start(Some("127.0.0.1:0".to_owned())).unwrap();
    let address = child.address().strip_prefix("http://").unwrap();
    TcpStream::connect(address).unwrap();
    assert_eq!(child.note(), None);
    let pid = child.pid();
    assert!(is_running(pid));
    drop(child);
    assert!(!is_running(pid));
}

#[test]
fn it_takes_another_port_if_the_usual_one_is_in_use_and_says_so() {
    // If this fails, something else has the port, which is just as well.
    let _taken = TcpListener::bind("127.0.0.1:6669");
    let child = start(None).unwrap();
    assert!(!child.address().ends_with(":6669"), "{}", child.address());
    let note = child.note().unwrap();
    assert!(note.contains("127.0.0.1:6669 is in use"), "{note}");
}

#[test]
fn one_that_cannot_start_says_why_and_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = start(Some(address.clone())).unwrap_err().to_string();
    assert!(error.contains(&address), "{error}");
    assert!(error.contains("hint: --bind"), "{error}");
}

#[test]
fn it_ends_with_the_standard_input_that_its_parent_holds() {
    let mut process = stranded(&["--child", "--bind", "127.0.0.1:0", "--leaks", "none"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = process.stdout.take().unwrap();
    let mut begun = [0; 1];
    stdout.read_exact(&mut begun).unwrap();
    drop(process.stdin.take());
    assert_eq!(Demo::end_of(&mut process).code(), Some(0));
}
