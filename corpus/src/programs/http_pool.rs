//! A real HTTP client with its pool, and a real server.

use axum::Router;
use axum::routing::get;
use futures::FutureExt as _;
use http_body_util::{BodyExt as _, Empty};
use hyper::Uri;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tracing::Instrument as _;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "http_pool",
    kind: Kind::Healthy,
    scenario: "",
    about: "connections of an HTTP client stay open between bursts of requests",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let Ok(listener) = TcpListener::bind("127.0.0.1:0").await else { return };
    let Ok(address) = listener.local_addr() else { return };
    let Ok(uri) = format!("http://{address}/").parse::<Uri>() else { return };
    let answer = || async {
        some_work(9).await;
        "hello"
    };
    tokio::spawn(axum::serve(listener, Router::new().route("/", get(answer))).into_future());
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let burst = if visitor.number % 100 == 30 { 15 } else { 1 };
        for _ in 0..burst {
            let request = tracing::info_span!("request", number = visitor.number);
            tokio::spawn(ask(client.clone(), uri.clone()).instrument(request));
        }
    }
}

async fn ask(client: Client<HttpConnector, Empty<Bytes>>, uri: Uri) {
    if let Ok(response) = client.get(uri).await {
        response.into_body().collect().await.ok();
    }
}
