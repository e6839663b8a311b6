//! The outside world: a database, an archive and a merchant's web server.
//!
//! They are threads with blocking sockets, so that no task of theirs mixes with those of the service.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::mem;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// Where the neighbours listen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbours {
    /// Answers queries at once, but a `ROLLBACK` never.
    pub database: SocketAddr,
    /// Takes requests and never answers.
    pub archive: SocketAddr,
    /// Says 204 to every HTTP request.
    pub merchant: SocketAddr,
}

impl Neighbours {
    /// Starts all of them on free loopback ports.
    pub(super) fn start() -> io::Result<Self> {
        Ok(Self {
            database: listen("database", database)?,
            archive: listen("archive", |_| Ok(Then::Silence))?,
            merchant: listen("merchant", merchant)?,
        })
    }
}

/// What becomes of a connection in the end.
enum Then {
    /// It is closed.
    Close,
    /// It stays open, and nothing more is said.
    Silence,
}

fn database(mut peer: &TcpStream) -> io::Result<Then> {
    for line in BufReader::new(peer).lines() {
        match line?.as_str() {
            "QUIT" => {
                writeln!(peer, "BYE")?;
                break;
            }
            // It waits for the locks of other transactions, as databases do.
            "ROLLBACK" => return Ok(Then::Silence),
            query => writeln!(peer, "{} rows", query.len())?,
        }
    }
    Ok(Then::Close)
}

fn merchant(mut peer: &TcpStream) -> io::Result<Then> {
    for line in BufReader::new(peer).lines() {
        // The empty line ends the head; deliveries have no body.
        if line?.is_empty() {
            peer.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
        }
    }
    Ok(Then::Close)
}

/// Serves each connection to a free loopback port on a thread of its own.
fn listen(name: &str, serve: fn(&TcpStream) -> io::Result<Then>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let accept = move || {
        for peer in listener.incoming().flatten() {
            thread::spawn(move || {
                // A peer that hangs up is none of the neighbour's business.
                if let Ok(Then::Silence) = serve(&peer) {
                    mem::forget(peer);
                }
            });
        }
    };
    thread::Builder::new().name(name.to_owned()).spawn(accept)?;
    Ok(address)
}
