//! Who it is that listens there, when it is not an agent.

use std::time::Duration;

use stranded_analysis::words::printable;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

use super::dial::dial;
use super::event::Problem;
use super::tap::{Heard, Voice};
use crate::target::Target;

/// A method of console-subscriber that does nothing but complain when its request is empty.
const CONSOLE: &str = "/rs.tokio.console.instrument.Instrument/WatchTaskDetails";
/// What our own library notes when an HTTP/2 server answers without the marks of gRPC.
const NO_GRPC: &str = "grpc-status header missing";
/// How long a second look may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Where agents are found, for those who tried another port.
const OWN_PORT: &str =
    "an agent has a port of its own: 6669, unless the service sets STRANDED_BIND";

/// Why the first call to `target` brought no answer of an agent.
pub(super) async fn identify(
    target: &Target,
    channel: Option<Channel>,
    heard: &Heard,
    failure: &Failure,
) -> Problem {
    match (heard.voice(), failure) {
        (Voice::Silent, Failure::Silence(waited)) => Problem {
            what: format!(
                "{target} accepts connections, but said nothing for {}s",
                waited.as_secs()
            ),
            hint: "is the process stopped (SIGSTOP, a debugger), or is it another kind of server?"
                .to_owned(),
        },
        (Voice::Silent, Failure::Refused(_)) => {
            let voice = timeout(PATIENCE, answer_to_http1(target)).await.unwrap_or(Voice::Silent);
            foreign_voice(target, &voice).unwrap_or_else(|| closed_at_once(target))
        }
        (Voice::Http2, Failure::Silence(waited)) => Problem {
            what: format!("{target} speaks HTTP/2, but gave no answer for {}s", waited.as_secs()),
            hint: format!("is it an agent, and is its process alive? {OWN_PORT}"),
        },
        (Voice::Http2, Failure::Refused(status)) => refused(target, channel, status).await,
        (voice, _) => foreign_voice(target, &voice).unwrap_or_else(|| closed_at_once(target)),
    }
}

/// How the first call failed.
pub(super) enum Failure {
    /// No answer in this time.
    Silence(Duration),
    /// With a status, of the server or of the transport.
    Refused(Status),
}

/// It speaks HTTP/2 and refused the call.
async fn refused(target: &Target, channel: Option<Channel>, status: &Status) -> Problem {
    match status.code() {
        Code::Unimplemented if status.message().contains(NO_GRPC) => http_server(target),
        Code::Unimplemented => {
            let console = match channel {
                Some(channel) => serves_console(channel).await,
                None => false,
            };
            if console { console_subscriber(target) } else { foreign_grpc(target) }
        }
        Code::Unauthenticated | Code::PermissionDenied => Problem {
            what: format!("The agent at {target} refuses: {}", words(status)),
            hint: "this version cannot send a token: attach through the agent's Unix socket, or \
                   through its loopback port without a token"
                .to_owned(),
        },
        _ => Problem {
            what: format!("{target} does not answer as an agent: {}", words(status)),
            hint: OWN_PORT.to_owned(),
        },
    }
}

/// What is certain from the first bytes alone.
fn foreign_voice(target: &Target, voice: &Voice) -> Option<Problem> {
    match voice {
        Voice::Silent | Voice::Http2 => None,
        Voice::Http1 => Some(http_server(target)),
        Voice::Tls => Some(Problem {
            what: format!("The server at {target} expects TLS"),
            hint: format!("{OWN_PORT}; it does not speak TLS yet"),
        }),
        Voice::Other(first) => Some(Problem {
            what: format!("Something else listens at {target}: it says `{first}`"),
            hint: OWN_PORT.to_owned(),
        }),
    }
}

fn http_server(target: &Target) -> Problem {
    Problem {
        what: format!("An HTTP server listens at {target}, not an agent"),
        hint: OWN_PORT.to_owned(),
    }
}

fn console_subscriber(target: &Target) -> Problem {
    Problem {
        what: format!("A console-subscriber listens at {target}, not an agent"),
        hint: "attach with tokio-console, or put stranded-server in its place: \
               `stranded_server::init()` instead of `console_subscriber::init()`"
            .to_owned(),
    }
}

fn foreign_grpc(target: &Target) -> Problem {
    Problem {
        what: format!("A gRPC server without an agent listens at {target}"),
        hint: OWN_PORT.to_owned(),
    }
}

fn closed_at_once(target: &Target) -> Problem {
    Problem {
        what: format!("{target} accepts the connection and closes it without a word"),
        hint: format!(
            "behind kubectl port-forward or docker -p this means that nothing listens on that port \
             inside; {OWN_PORT}"
        ),
    }
}

/// Some servers hang up on the greeting of HTTP/2, and their last words are lost with the
/// connection: asks again in a way that most answer.
async fn answer_to_http1(target: &Target) -> Voice {
    let Ok(mut stream) = dial(target).await else { return Voice::Silent };
    let question = b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = [0; 64];
    if stream.write_all(question).await.is_err() {
        return Voice::Silent;
    }
    match stream.read(&mut answer).await {
        Ok(length) => Voice::of(&answer[..length]),
        Err(_) => Voice::Silent,
    }
}

async fn serves_console(channel: Channel) -> bool {
    let mut client = tonic::client::Grpc::new(channel);
    let call = async {
        client.ready().await.ok()?;
        let path = tonic::codegen::http::uri::PathAndQuery::from_static(CONSOLE);
        let answer = client
            .server_streaming(tonic::Request::new(()), path, ProstCodec::<(), ()>::default())
            .await;
        answer.err().map(|status| status.code())
    };
    match timeout(PATIENCE, call).await {
        // What it says to a request that names no task.
        Ok(Some(code)) => matches!(code, Code::InvalidArgument | Code::NotFound),
        _ => false,
    }
}

/// What a status says, without the layers around the cause, safe to print.
pub(super) fn words(status: &Status) -> String {
    let mut cause: &dyn std::error::Error = status;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let own = std::ptr::addr_eq(cause, status);
    let text = if own { status.message().to_owned() } else { cause.to_string() };
    let text = printable(&text);
    if text.is_empty() { format!("{:?}", status.code()) } else { text.into_owned() }
}
