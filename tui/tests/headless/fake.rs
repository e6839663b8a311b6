//! An agent that says what a test tells it to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use stranded_analysis::facts::{BootId, Update};
use stranded_proto::v1;
use stranded_proto::v1::inspector_server::{Inspector, InspectorServer};
use stranded_proto::{Description, Limits};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

/// What an agent does on the stream of updates, one step after the other.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Sends a message, as it is.
    Send(Box<v1::Update>),
    /// Breaks the stream, and refuses whoever calls afterwards.
    Die,
    /// Breaks the stream, but answers the next call.
    Break,
    /// Keeps the stream open, and says no more.
    Hold,
}

/// A running agent. It ends when dropped.
pub(crate) struct Fake {
    runtime: Option<Runtime>,
    address: SocketAddr,
    views: Arc<watch::Sender<Vec<v1::View>>>,
}

/// What it answers to `Describe`, and the steps of each stream in turn; the last is repeated.
#[derive(Clone)]
struct Script {
    reply: v1::DescribeReply,
    streams: Arc<Mutex<Vec<Vec<Step>>>>,
    views: Arc<watch::Sender<Vec<v1::View>>>,
}

impl Fake {
    /// An agent that describes itself with the first update and follows `streams`, one a
    /// connection.
    pub(crate) fn start(streams: Vec<Vec<Step>>) -> Self {
        Self::with_reply(reply(&streams), streams)
    }

    /// An agent that describes itself with `reply`.
    pub(crate) fn with_reply(reply: v1::DescribeReply, streams: Vec<Vec<Step>>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let views = Arc::new(watch::Sender::new(Vec::new()));
        let script = Script { reply, streams: Arc::new(Mutex::new(streams)), views: views.clone() };
        runtime.spawn(async move {
            let connections = TcpListenerStream::new(TcpListener::from_std(listener).unwrap());
            let server = Server::builder().add_service(InspectorServer::new(script));
            server.serve_with_incoming(connections).await
        });
        Self { runtime: Some(runtime), address, views }
    }

    /// Where it listens, as a TARGET.
    pub(crate) fn target(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same, as an address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The views that were asked for, in order.
    pub(crate) fn views(&self) -> Vec<v1::View> {
        self.views.borrow().clone()
    }

    /// The same, once there are `n` of them.
    pub(crate) async fn asked(&self, n: usize) -> Vec<v1::View> {
        let mut views = self.views.subscribe();
        views.wait_for(|views| views.len() >= n).await.unwrap().clone()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Steps that send `updates`.
pub(crate) fn send(updates: impl IntoIterator<Item = Update>) -> Vec<Step> {
    updates.into_iter().map(|update| Step::Send(Box::new(v1::Update::from(&update)))).collect()
}

/// The answer to `Describe` that agrees with the first update sent.
fn reply(streams: &[Vec<Step>]) -> v1::DescribeReply {
    let Some(Step::Send(update)) = streams.first().and_then(|steps| steps.first()) else {
        panic!("the first step of the first stream sends an update")
    };
    let update = Update::try_from(update.as_ref().clone()).unwrap();
    describe(&update)
}

/// The answer to `Describe` that agrees with `update`.
pub(crate) fn describe(update: &Update) -> v1::DescribeReply {
    v1::DescribeReply::from(&Description {
        boot: BootId(update.boot.0),
        at: update.at,
        target: update.target.clone().unwrap(),
        gauges: update.gauges.clone().unwrap(),
        limits: Limits::with_min_interval(Duration::from_millis(100)),
    })
}

#[tonic::async_trait]
impl Inspector for Script {
    async fn describe(
        &self,
        _request: Request<v1::DescribeRequest>,
    ) -> Result<Response<v1::DescribeReply>, Status> {
        match self.streams.lock().unwrap().first().and_then(|steps| steps.first()) {
            Some(Step::Die) => Err(Status::unavailable("the agent is dead")),
            _ => Ok(Response::new(self.reply.clone())),
        }
    }

    type WatchStream = BoxStream<'static, Result<v1::Update, Status>>;

    async fn watch(
        &self,
        request: Request<Streaming<v1::View>>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let mut asked = request.into_inner();
        let first = asked.message().await?.ok_or_else(|| Status::invalid_argument("no view"))?;
        self.views.send_modify(|views| views.push(first));
        let views = self.views.clone();
        tokio::spawn(async move {
            while let Ok(Some(view)) = asked.message().await {
                views.send_modify(|views| views.push(view));
            }
        });
        let steps = {
            let mut streams = self.streams.lock().unwrap();
            if streams.len() > 1 { streams.remove(0) } else { streams[0].clone() }
        };
        let streams = self.streams.clone();
        let updates = stream::iter(steps).then(move |step| {
            let streams = streams.clone();
            async move {
                match step {
                    Step::Send(update) => Ok(*update),
                    Step::Die => {
                        *streams.lock().unwrap() = vec![vec![Step::Die]];
                        Err(Status::unavailable("the agent died"))
                    }
                    Step::Break => Err(Status::unavailable("the agent stumbled")),
                    Step::Hold => std::future::pending().await,
                }
            }
        });
        Ok(Response::new(updates.boxed()))
    }

    type SnapshotStream = BoxStream<'static, Result<v1::Update, Status>>;

    async fn snapshot(
        &self,
        _request: Request<v1::View>,
    ) -> Result<Response<Self::SnapshotStream>, Status> {
        Err(Status::unimplemented("not scripted"))
    }
}
