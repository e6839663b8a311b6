//! The gRPC services: `stranded.v1.Inspector`, health and reflection.
//!
//! With [`watch`], the only place in the agent that names wire types. Nothing here changes the
//! process, and nothing that a client sends or leaves unread makes the agent grow.

mod watch;

#[cfg(test)]
mod tests;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use stranded_analysis::facts::View;
use stranded_proto::v1::inspector_server::{Inspector, InspectorServer};
use stranded_proto::{DecodeError, Description, Limits, MAX_MESSAGE_BYTES, split, v1};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::edge::Edge;
use crate::faults::Part;
use crate::listen::Connection;
use crate::viewer::Viewer;

/// The largest request: a view with the longest query and the most focused tasks is far below it.
const MAX_REQUEST_BYTES: usize = 64 << 10;
const MAX_HEADER_BYTES: u32 = 16 << 10;
/// Requests open at a time on one connection.
const MAX_STREAMS: u32 = 64;
/// What a client may send ahead: per stream, and per connection.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 256 << 10;
/// A client that does not answer is gone: stopped, or behind a broken network.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves `connections` until they end.
pub(crate) async fn serve(
    edge: Arc<Edge>,
    connections: impl Stream<Item = io::Result<Connection>>,
) -> Result<(), tonic::transport::Error> {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<InspectorServer<Service>>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(v1::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .inspect_err(|error| {
            edge.faults().note(Part::Listen, format!("no gRPC reflection: {error}"));
        })
        .ok();
    let inspector = InspectorServer::new(Service { edge })
        .max_decoding_message_size(MAX_REQUEST_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);

    Server::builder()
        .http2_keepalive_interval(Some(PING_EVERY))
        .http2_keepalive_timeout(Some(PING_TIMEOUT))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(MAX_STREAMS)
        .http2_max_header_list_size(MAX_HEADER_BYTES)
        .add_service(inspector)
        .add_service(health.max_decoding_message_size(MAX_REQUEST_BYTES))
        .add_optional_service(
            reflection.map(|service| service.max_decoding_message_size(MAX_REQUEST_BYTES)),
        )
        .serve_with_incoming(connections)
        .await
}

/// `stranded.v1.Inspector` on one edge.
struct Service {
    edge: Arc<Edge>,
}

type Updates = Pin<Box<dyn Stream<Item = Result<v1::Update, Status>> + Send>>;

#[tonic::async_trait]
impl Inspector for Service {
    type WatchStream = ReceiverStream<Result<v1::Update, Status>>;
    type SnapshotStream = Updates;

    async fn describe(
        &self,
        _: Request<v1::DescribeRequest>,
    ) -> Result<Response<v1::DescribeReply>, Status> {
        let description = self.edge.guarded(|| {
            let census = self.edge.source().census();
            Description {
                boot: self.edge.boot(),
                at: census.at,
                target: self.edge.target(),
                gauges: census.gauges.clone(),
                limits: Limits::with_min_interval(watch::MIN_INTERVAL),
            }
        })?;
        Ok(Response::new((&description).into()))
    }

    async fn watch(
        &self,
        request: Request<Streaming<v1::View>>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let place = self.edge.place()?;
        let edge = Arc::clone(&self.edge);
        let views = request.into_inner().map(|view| read(view.map_err(unreadable)?));
        // One update under way, and none behind it.
        let (out, updates) = mpsc::channel(1);
        tokio::spawn(async move {
            watch::watch(edge, views, out).await;
            drop(place);
        });
        Ok(Response::new(ReceiverStream::new(updates)))
    }

    async fn snapshot(
        &self,
        request: Request<v1::View>,
    ) -> Result<Response<Self::SnapshotStream>, Status> {
        let view = read(request.into_inner())?;
        let place = self.edge.place()?;
        let edge = Arc::clone(&self.edge);
        let (viewer, update) = self.edge.guarded(|| {
            let mut viewer = Viewer::attach(edge, view);
            let update = viewer.update();
            (viewer, update)
        })?;
        let parts = split(update).map(move |part| {
            // Attached until the last part is taken.
            let _attached = (&place, &viewer);
            Ok(part)
        });
        Ok(Response::new(Box::pin(tokio_stream::iter(parts))))
    }
}

/// The view that a client asks for.
fn read(view: v1::View) -> Result<View, Status> {
    let refused = |error: DecodeError| Status::invalid_argument(format!("in the view, {error}"));
    View::try_from(view).map_err(refused)
}

/// What to tell a client whose message cannot be read; other errors stay as they are.
fn unreadable(status: Status) -> Status {
    match status.code() {
        Code::Internal => Status::invalid_argument(format!("not a View: {}", status.message())),
        _ => status,
    }
}
