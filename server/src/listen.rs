//! Where viewers connect: a loopback TCP port or a Unix socket of mode 0600.
//!
//! What would let strangers in is refused for good; what may pass (a busy port, a name that does not
//! resolve yet) is tried again, with growing delays, for as long as the process lives.

mod connection;
#[cfg(unix)]
mod unix;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::TcpListener;

pub(crate) use connection::{Connection, connections};

use crate::config::{Bind, Config};
use crate::faults::{Faults, Part};

/// The first delay before listening is tried again; it doubles up to [`LAST_DELAY`].
const FIRST_DELAY: Duration = Duration::from_millis(200);
const LAST_DELAY: Duration = Duration::from_secs(15);

/// Where an agent listens. Its `Display` is a TARGET of the `stranded` command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A TCP port.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "http://{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A socket that viewers can connect to.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
}

/// Why there is no listener.
#[derive(Debug)]
enum Refusal {
    /// It would be wrong to listen, now and later.
    Final(String),
    /// It may work later.
    Passing(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Passing(error)
    }
}

/// Listens as configured, however long that takes. `None`: it is off or refused.
pub(crate) async fn listen(config: &Config, faults: &Faults) -> Option<(Listener, Address)> {
    let mut delay = FIRST_DELAY;
    loop {
        match try_listen(config).await {
            Ok(Some((listener, address))) => {
                faults.settle(Part::Listen, &format!("listening on {address} now"));
                return Some((listener, address));
            }
            Ok(None) => return None,
            Err(Refusal::Final(why)) => {
                faults.note(Part::Listen, format!("not listening on {}: {why}", config.bind));
                return None;
            }
            Err(Refusal::Passing(error)) => {
                let bind = &config.bind;
                faults.note(
                    Part::Listen,
                    format!(
                        "cannot listen on {bind}: {error}; trying again, or set STRANDED_BIND to another address"
                    ),
                );
                tokio::time::sleep(delay).await;
                delay = (delay * 2).min(LAST_DELAY);
            }
        }
    }
}

/// Listens as configured, unless it is off.
async fn try_listen(config: &Config) -> Result<Option<(Listener, Address)>, Refusal> {
    match &config.bind {
        Bind::Off => Ok(None),
        Bind::Tcp { host, port } => {
            refuse_unkept_promises(config)?;
            let addresses: Vec<_> =
                tokio::net::lookup_host((host.as_str(), *port)).await?.collect();
            if !config.allow_insecure && addresses.iter().any(|at| !at.ip().is_loopback()) {
                return Err(Refusal::Final(
                    "anybody who reaches that address could read the state of this service; bind to \
                     127.0.0.1 or a Unix socket and forward it, or spell out `allow_insecure(true)`"
                        .to_owned(),
                ));
            }
            let listener = TcpListener::bind(&addresses[..]).await?;
            let address = Address::Tcp(listener.local_addr()?);
            Ok(Some((Listener::Tcp(listener), address)))
        }
        #[cfg(unix)]
        Bind::Unix(path) => {
            refuse_unkept_promises(config)?;
            let listener = unix::listen(path).await?;
            Ok(Some((Listener::Unix(listener), Address::Unix(path.clone()))))
        }
        #[cfg(not(unix))]
        Bind::Unix(_) => Err(Refusal::Final("this system has no Unix sockets here".to_owned())),
    }
}

/// Somebody who configures TLS or a token relies on it: without it there is no listening.
fn refuse_unkept_promises(config: &Config) -> Result<(), Refusal> {
    let promised = match (config.tls.first(), &config.token_file) {
        (Some(variable), _) => format!("{variable} is set, but this version has no TLS"),
        (None, Some(_)) => "a token file is set, but this version cannot check tokens".to_owned(),
        (None, None) => return Ok(()),
    };
    Err(Refusal::Final(format!(
        "{promised}; unset it to listen on loopback or a Unix socket without"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound_to(bind: &str) -> Config {
        Config { bind: bind.parse().unwrap(), ..Config::default() }
    }

    async fn refusal(config: &Config) -> String {
        let faults = Faults::default();
        assert!(listen(config, &faults).await.is_none());
        faults.sentences().concat()
    }

    #[tokio::test]
    async fn port_0_reports_the_port_it_got() {
        let (_listener, address) =
            listen(&bound_to("127.0.0.1:0"), &Faults::default()).await.unwrap();
        let Address::Tcp(socket) = address else { panic!("{address}") };
        assert_ne!(socket.port(), 0);
        assert_eq!(Address::Tcp(socket).to_string(), format!("http://127.0.0.1:{}", socket.port()));
    }

    #[tokio::test]
    async fn an_address_beyond_loopback_is_refused_unless_spelled_out() {
        let mut config = bound_to("0.0.0.0:0");
        let why = refusal(&config).await;
        assert!(why.starts_with("not listening on tcp:0.0.0.0:0: anybody"), "{why}");

        config.allow_insecure = true;
        assert!(listen(&config, &Faults::default()).await.is_some());
    }

    #[tokio::test]
    async fn what_promises_tls_or_a_token_is_refused() {
        let mut config = bound_to("127.0.0.1:0");
        config.token_file = Some("/etc/token".into());
        assert!(refusal(&config).await.contains("cannot check tokens"));
        config.tls = vec!["STRANDED_TLS_CERT"];
        assert!(refusal(&config).await.contains("STRANDED_TLS_CERT is set"));
    }

    #[tokio::test]
    async fn off_is_no_fault() {
        assert!(refusal(&bound_to("off")).await.is_empty());
    }

    #[tokio::test]
    async fn a_busy_port_is_a_fault_until_it_is_free() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = bound_to(&taken.local_addr().unwrap().to_string());
        let faults = Faults::default();

        let listening = tokio::spawn({
            let faults = faults.clone();
            async move { listen(&config, &faults).await }
        });
        while faults.sentences().is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(faults.sentences()[0].starts_with("cannot listen on tcp:127.0.0.1:"));

        drop(taken);
        assert!(listening.await.unwrap().is_some());
        assert!(faults.sentences().is_empty());
    }
}
