//! Reaching a target: name, route and socket, before anything is said.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;

use super::event::Problem;
use crate::target::Target;

/// How long a name or a connection may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connected socket of either kind.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Opens a connection to `target`.
pub(super) async fn dial(target: &Target) -> Result<Box<dyn Wire>, Problem> {
    match target {
        Target::Tcp { host, port } => Ok(Box::new(dial_tcp(host, *port).await?)),
        Target::Unix(path) => Ok(Box::new(dial_unix(path).await?)),
        Target::Recording(path) => Err(Problem {
            what: format!("`{}` is a file; nothing can be attached to it", path.display()),
            hint: "name a running service as HOST:PORT, http://HOST:PORT or unix:PATH".to_owned(),
        }),
    }
}

async fn dial_tcp(host: &str, port: u16) -> Result<TcpStream, Problem> {
    let place = place(host, port);
    let mut refusal = None;
    for address in resolve(host, port).await? {
        match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Updates are whole messages: waiting to fill a packet only delays them. A socket
                // without the option works all the same.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => refusal = Some(error),
            Err(_) => refusal = Some(ErrorKind::TimedOut.into()),
        }
    }
    let error = refusal.unwrap_or_else(|| ErrorKind::AddrNotAvailable.into());
    Err(unreachable_tcp(&place, port, &error))
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Problem> {
    let failed = |why: &str| Problem {
        what: format!("The name `{host}` cannot be resolved: {why}"),
        hint: "check the spelling, or give an IP address; a name inside a cluster is reached with \
               kubectl port-forward"
            .to_owned(),
    };
    match timeout(PATIENCE, lookup_host((host, port))).await {
        Ok(Ok(addresses)) => Ok(addresses.collect()),
        Ok(Err(error)) => Err(failed(&error.to_string())),
        Err(_) => Err(failed("no answer from the name service")),
    }
}

fn unreachable_tcp(place: &str, port: u16, error: &Error) -> Problem {
    let (what, hint) = match error.kind() {
        ErrorKind::ConnectionRefused => (
            format!("Nothing listens at {place}"),
            format!(
                "is the service running, with the agent in it? \
                 Kubernetes: kubectl port-forward POD {port}"
            ),
        ),
        ErrorKind::TimedOut => (
            format!("No answer from {place} within {}s", PATIENCE.as_secs()),
            format!(
                "check the address and the firewalls on the way; an agent listens on loopback only \
                 unless told otherwise: kubectl port-forward POD {port}, \
                 or ssh -L {port}:127.0.0.1:{port} HOST"
            ),
        ),
        _ => (
            format!("Cannot connect to {place}: {error}"),
            format!("check the address. Kubernetes: kubectl port-forward POD {port}"),
        ),
    };
    Problem { what, hint }
}

async fn dial_unix(path: &Path) -> Result<UnixStream, Problem> {
    match timeout(PATIENCE, UnixStream::connect(path)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(unreachable_unix(path, &error)),
        Err(_) => Err(unreachable_unix(path, &ErrorKind::TimedOut.into())),
    }
}

fn unreachable_unix(path: &Path, error: &Error) -> Problem {
    let shown = path.display();
    let is_socket = std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    let (what, hint) = match error.kind() {
        ErrorKind::NotFound => (
            format!("There is no socket at {shown}"),
            format!("is the service running, with STRANDED_BIND=unix:{shown} in its environment?"),
        ),
        ErrorKind::PermissionDenied => (
            format!("Permission denied on the socket {shown}"),
            "an agent's socket is open to its own user only: run as the user of the service, \
             and check the directories above it"
                .to_owned(),
        ),
        ErrorKind::ConnectionRefused if is_socket => (
            format!("Nothing listens on the socket {shown}; the file was left behind"),
            "is the service still running? It makes the socket anew when it starts".to_owned(),
        ),
        ErrorKind::ConnectionRefused => (
            format!("{shown} is not a socket"),
            "name the socket of the service: its STRANDED_BIND=unix:PATH".to_owned(),
        ),
        _ => (
            format!("Cannot connect to the socket {shown}: {error}"),
            "check the path and who may open it".to_owned(),
        ),
    };
    Problem { what, hint }
}

/// `HOST:PORT`, with brackets around an IPv6 address.
fn place(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
