//! Calls to the service.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Method, Request};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A caller that keeps its connections alive.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    service: SocketAddr,
    http: Client<HttpConnector, Empty<Bytes>>,
}

impl Caller {
    pub(super) fn of(service: SocketAddr) -> Self {
        Self { service, http: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// Sends a request and reads the whole response. How it went is the service's affair.
    pub(super) async fn call(&self, method: &Method, path: &str) {
        let url = format!("http://{}{path}", self.service);
        let Ok(request) = Request::builder().method(method).uri(url).body(Empty::new()) else {
            tracing::error!(path, "no request can be made of this");
            return;
        };
        match self.http.request(request).await {
            Ok(response) => drop(response.into_body().collect().await),
            Err(error) => tracing::info!(%error, path, "request failed"),
        }
    }

    /// Sends a request, reads for as long as `patience` lasts, and hangs up.
    pub(super) async fn hang_up(&self, path: &str, patience: Duration) -> io::Result<()> {
        let mut socket = self.ask(path).await?;
        let mut answer = Vec::new();
        // Whether the answer ended in time makes no difference.
        timeout(patience, socket.read_to_end(&mut answer)).await.ok();
        Ok(())
    }

    /// Sends a request, reads the beginning of the answer, and keeps the connection.
    pub(super) async fn linger(&self, path: &str) -> io::Result<TcpStream> {
        let mut socket = self.ask(path).await?;
        let mut beginning = Vec::with_capacity(256);
        socket.read_buf(&mut beginning).await?;
        Ok(socket)
    }

    async fn ask(&self, path: &str) -> io::Result<TcpStream> {
        let mut socket = TcpStream::connect(self.service).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.service);
        socket.write_all(request.as_bytes()).await?;
        Ok(socket)
    }
}
