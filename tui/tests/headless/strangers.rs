//! Targets that are no agents: each gives a sentence of its own, and says what to do next.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use tokio::runtime::Runtime;
use tokio_stream::wrappers::TcpListenerStream;

use crate::facts;
use crate::fake::{Fake, Step, describe, send};
use crate::run::stranded;

/// Asserts that both `check` and `doctor` tell the same about `target`.
#[track_caller]
fn assert_told(target: &str, what: &str, hint: &str) {
    stranded(&format!("check {target}")).assert_error(what, hint);
    let ran = stranded(&format!("doctor {target}"));
    assert_eq!(ran.code, 1, "{}", ran.all());
    let fail = ran.stdout.lines().find(|line| line.starts_with("FAIL")).expect("a step fails");
    assert!(fail.contains(what), "{}", ran.all());
    assert!(
        ran.stdout.lines().any(|line| line.contains("hint: ") && line.contains(hint)),
        "{}",
        ran.all()
    );
}

/// A listener that treats every connection with `treat`, for as long as the test runs.
fn listen(treat: impl Fn(std::net::TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            treat(connection);
        }
    });
    address
}

#[test]
fn nothing_listens() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hint = format!("kubectl port-forward POD {}", address.port());
    assert_told(&address.to_string(), &format!("Nothing listens at {address}"), &hint);
}

#[test]
fn the_name_is_unknown() {
    assert_told(
        "no-such-host.invalid:6669",
        "`no-such-host.invalid` cannot be resolved",
        "check the spelling",
    );
}

#[test]
fn an_http_server_listens() {
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(listener, axum::Router::new()).await });
    assert_told(&address.to_string(), "An HTTP server listens", "a port of its own");
}

#[test]
fn an_http_server_that_answers_anything_listens() {
    let address = listen(|mut stream| {
        let _ = stream.read(&mut [0; 64]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    assert_told(&address.to_string(), "An HTTP server listens", "a port of its own");
}

#[test]
fn something_else_listens() {
    let address = listen(|mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.7\r\n\x1b[2J");
        let _ = stream.read(&mut [0; 1024]);
    });
    assert_told(&address.to_string(), "it says `SSH-2.0-OpenSSH_9.7", "a port of its own");
}

#[test]
fn a_tls_server_listens() {
    let address = listen(|mut stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"\x15\x03\x03\x00\x02\x02\x46");
    });
    assert_told(&address.to_string(), "expects TLS", "a port of its own");
}

#[test]
fn random_bytes_come() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..20 {
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            // xorshift: the same bytes on every run.
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed.to_le_bytes()[0]
        })
        .take(512)
        .collect();
        let address = listen(move |mut stream| {
            let _ = stream.write_all(&bytes);
            let _ = stream.read(&mut [0; 1024]);
        });
        stranded(&format!("check {address}")).assert_error(&address.to_string(), "6669");
    }
}

#[test]
fn nobody_speaks() {
    // The kernel accepts; nobody ever looks.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_told(
        &listener.local_addr().unwrap().to_string(),
        "said nothing for 5s",
        "is the process stopped",
    );
}

#[test]
fn the_connection_is_closed_at_once() {
    let address = listen(drop);
    assert_told(&address.to_string(), "closes it without a word", "kubectl port-forward");
}

#[test]
fn a_console_subscriber_listens() {
    let runtime = Runtime::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (_layer, server) = console_subscriber::ConsoleLayer::builder().server_addr(address).build();
    runtime.spawn(async move { server.serve().await.map_err(|error| error.to_string()) });
    wait_for(address);
    assert_told(&address.to_string(), "A console-subscriber listens", "tokio-console");
}

#[test]
fn a_grpc_server_without_an_agent_listens() {
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(
        tonic::transport::Server::builder()
            .add_routes(tonic::service::Routes::default())
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    assert_told(
        &address.to_string(),
        "A gRPC server without an agent listens",
        "a port of its own",
    );
}

#[test]
fn an_agent_that_speaks_no_protocol() {
    let mut reply = describe(&facts::healthy(facts::at(1)));
    reply.target.as_mut().unwrap().protocol = 0;
    let agent = Fake::with_reply(reply, vec![vec![Step::Hold]]);
    assert_told(&agent.target(), "which level of the protocol", "update the agent");
}

#[test]
fn an_agent_that_makes_no_sense() {
    let mut reply = describe(&facts::healthy(facts::at(1)));
    reply.target.as_mut().unwrap().instrumentation = None;
    let agent = Fake::with_reply(reply, vec![vec![Step::Hold]]);
    assert_told(&agent.target(), "sent what no agent of this version sends", "update the older");
}

#[test]
fn a_newer_agent_is_understood() {
    let mut reply = describe(&facts::healthy(facts::at(600)));
    reply.target.as_mut().unwrap().protocol = 99;
    let mut steps = send(facts::looks(facts::healthy));
    steps.push(Step::Hold);
    let agent = Fake::with_reply(reply, vec![steps]);
    let ran = stranded(&format!("doctor {}", agent.target()));
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.contains("speaks protocol 99"), "{}", ran.all());
    assert!(ran.stdout.contains("hint: an update of this command"), "{}", ran.all());
}

#[test]
fn the_socket_is_missing_stale_or_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();

    assert_told(&format!("unix:{}", path("gone")), "There is no socket at", "STRANDED_BIND=unix:");

    drop(std::os::unix::net::UnixListener::bind(path("stale")).unwrap());
    assert_told(&format!("unix:{}", path("stale")), "the file was left behind", "still running");

    std::fs::write(path("file"), "text").unwrap();
    assert_told(&format!("unix:{}", path("file")), "is not a socket", "STRANDED_BIND=unix:");
}

#[test]
fn a_recording_cannot_be_attached_to() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().display().to_string();
    stranded(&format!("check {path}")).assert_error("is a file", "HOST:PORT");
}

/// Waits until something listens at `address`.
fn wait_for(address: SocketAddr) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while std::net::TcpStream::connect(address).is_err() {
        assert!(std::time::Instant::now() < deadline, "nothing listens at {address}");
        thread::yield_now();
    }
}
