//! What clients must not be able to do.

use std::io::ErrorKind;

use stranded_analysis::facts::TaskId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Request;
use tonic::codegen::http::uri::PathAndQuery;
use tonic_prost::ProstCodec;

use super::*;

/// Whether a client that behaves is still served.
async fn assert_serves(agent: &Agent) {
    let parts = snapshot(&mut agent.client().await, &View::default()).await.unwrap();
    assert_eq!(parts.len(), 1);
    agent.attached(0).await;
}

#[tokio::test]
async fn garbage_on_the_port_ends_that_connection_only() {
    let agent = Agent::start(Scripted::small()).await;
    let Address::Tcp(address) = agent.address else { panic!("{}", agent.address) };
    let http2_then_garbage =
        [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &[0xff; 4096]].concat();
    let garbage: [&[u8]; 4] =
        [&[0; 4096], b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", &http2_then_garbage, b"\n"];
    for bytes in garbage {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(bytes).await.unwrap();
        connection.shutdown().await.ok();
        let mut reply = Vec::new();
        let end =
            timeout(DEADLINE, connection.read_to_end(&mut reply)).await.expect("it stays open");
        assert!(end.is_ok() || end.unwrap_err().kind() == ErrorKind::ConnectionReset);
    }
    assert_serves(&agent).await;
}

#[tokio::test]
async fn a_view_beyond_the_limits_is_refused_with_its_field() {
    let agent = Agent::start(Scripted::small()).await;
    let mut client = agent.client().await;
    let views = [
        ("query", View { query: "x".repeat(5_000), ..View::default() }),
        ("limit", View { limit: 1_000_000, ..View::default() }),
        ("focus", View { focus: (0..1_000).map(TaskId).collect(), ..View::default() }),
    ];
    for (field, view) in views {
        let of_snapshot = snapshot(&mut client, &view).await.unwrap_err();
        let mut watching = Watching::open(client.clone(), &view).await.unwrap();
        let of_watch = watching.message().await.unwrap_err();
        for refused in [of_snapshot, of_watch] {
            assert_eq!(refused.code(), Code::InvalidArgument);
            assert!(
                refused.message().starts_with(&format!("in the view, `{field}`: ")),
                "{refused}"
            );
        }
    }
    assert_serves(&agent).await;
}

#[tokio::test]
async fn a_huge_request_is_not_read() {
    let agent = Agent::start(Scripted::small()).await;
    let view = View { query: "x".repeat(10 << 20), ..View::default() };
    let refused = snapshot(&mut agent.client().await, &view).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange, "{refused}");
    assert_serves(&agent).await;
}

#[tokio::test]
async fn a_bad_view_ends_a_watch_that_was_good() {
    let agent = Agent::start(Scripted::small()).await;
    let mut watching = Watching::open(agent.client().await, &eager()).await.unwrap();
    watching.message().await.unwrap();
    watching.look(&View { limit: u32::MAX, ..View::default() }).await;
    let refused = loop {
        if let Err(status) = watching.message().await {
            break status;
        }
    };
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_serves(&agent).await;
}

#[tokio::test]
async fn a_watch_without_a_view_is_refused() {
    let agent = Agent::start(Scripted::small()).await;
    let watch = agent.client().await.watch(tokio_stream::empty()).await;
    let refused = watch.unwrap().into_inner().message().await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("starts with a View"), "{refused}");
}

#[tokio::test]
async fn bytes_that_are_no_view_are_refused() {
    let agent = Agent::start(Scripted::small()).await;
    let mut client = tonic::client::Grpc::new(agent.channel().await);
    client.ready().await.unwrap();
    // Its field 1 is a string, that of a view is a number.
    let not_a_view = v1::SpawnSite { file: "src/main.rs".to_owned(), ..v1::SpawnSite::default() };
    let codec = ProstCodec::<v1::SpawnSite, v1::Update>::default();
    let path = PathAndQuery::from_static("/stranded.v1.Inspector/Watch");
    let messages = Request::new(tokio_stream::once(not_a_view));
    let mut updates = client.streaming(messages, path, codec).await.unwrap().into_inner();
    let refused = updates.message().await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().starts_with("not a View: "), "{refused}");
    assert_serves(&agent).await;
}
