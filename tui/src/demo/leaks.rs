//! The ways in which the service leaks, one a file, and the requests that provoke them.
//!
//! Every handler serves ordinary requests as well, after which nothing is left behind. A leak that is not
//! selected is one whose request nobody sends.

pub(super) mod audit;
pub(super) mod connections;
pub(super) mod events;
pub(super) mod exports;
pub(super) mod imports;
pub(super) mod invoices;
pub(super) mod payments;
pub(super) mod prices;
pub(super) mod quotes;
pub(super) mod reports;
pub(super) mod sessions;
pub(super) mod transfers;
pub(super) mod webhooks;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::http::Method;

use super::truth::Site;

/// One way to leak.
#[derive(Debug)]
pub struct Leak {
    /// What `--leaks` calls it.
    pub name: &'static str,
    /// The site that leaks.
    pub(super) site: &'static Site,
    /// The request that provokes it.
    pub(super) method: Method,
    /// Its path; `{n}` becomes a number that no other request has.
    pub(super) path: &'static str,
    /// How often that request comes.
    pub(super) every: Duration,
    /// Whether the client hangs up on it.
    pub(super) hangs_up: bool,
    /// At how many stuck tasks it stops: a demo left alone must not eat the machine it runs on.
    pub(super) most: usize,
}

/// A leak that a request provokes.
const fn leak(
    name: &'static str,
    site: &'static Site,
    every_ms: u64,
    method: Method,
    path: &'static str,
) -> Leak {
    let every = Duration::from_millis(every_ms);
    Leak { name, site, method, path, every, hangs_up: false, most: 2_000 }
}

/// This leak, whose client hangs up.
const fn hung_up(mut leak: Leak) -> Leak {
    leak.hangs_up = true;
    leak
}

/// This leak, which stops early because each stuck task keeps sockets open.
const fn scarce(mut leak: Leak) -> Leak {
    leak.most = 200;
    leak
}

const GET: Method = Method::GET;
const POST: Method = Method::POST;

/// All of them.
pub static LEAKS: [Leak; 13] = [
    hung_up(leak("ignored-cancel", &exports::EXPORT, 1_300, GET, "/export?history=true")),
    leak("sleep-loop", &webhooks::WEBHOOK, 1_900, POST, "/orders?merchant=bygone"),
    leak("uncancelled-token", &payments::HOLD, 1_500, POST, "/payments?sku=4&declined=true"),
    leak("dropped-handle", &reports::REPORT, 1_700, GET, "/report?month=13"),
    scarce(leak("spawn-in-drop", &connections::FAREWELL, 2_900, GET, "/stock?sku=3&correct=-1")),
    leak("full-channel", &audit::RECORD, 1_100, POST, "/refund?tenant=wholesale&amount={n}"),
    leak("closed-channel", &prices::FOLLOW, 2_300, POST, "/prices?sku=2&torn=true"),
    leak("join-counter", &imports::SUMMARY, 2_100, POST, "/import?chunks=3&resumable=true"),
    hung_up(leak("gone-client", &events::PUSH, 1_600, GET, "/events?topic=recalls")),
    leak("callback-registry", &sessions::SESSION, 1_400, POST, "/login?user=user-{n}"),
    leak("held-permit", &invoices::PRINT, 2_700, GET, "/invoice?order=7&paper=true"),
    leak("lost-waker", &quotes::QUOTE, 1_800, GET, "/quote?sku=9&reviewed=true"),
    leak("lock-cycle", &transfers::SWAP, 2_500, POST, "/transfer?sku=1&swap=true"),
];

/// The leaks to provoke, as `--leaks` names them: some names with commas between them, `all` or `none`.
#[derive(Clone, Debug)]
pub struct Leaks(pub(super) Vec<&'static Leak>);

/// A name in `--leaks` that is none.
#[derive(Clone, Debug, thiserror::Error)]
#[error("no leak is called `{unknown}`; there are `all`, `none` and {}", names(", "))]
pub struct UnknownLeak {
    unknown: String,
}

impl FromStr for Leaks {
    type Err = UnknownLeak;

    fn from_str(text: &str) -> Result<Self, UnknownLeak> {
        let known = |name: &str| {
            let unknown = || UnknownLeak { unknown: name.to_owned() };
            LEAKS.iter().find(|leak| leak.name == name).ok_or_else(unknown)
        };
        Ok(Self(match text.trim() {
            "all" => LEAKS.iter().collect(),
            "none" => Vec::new(),
            list => list.split(',').map(|name| known(name.trim())).collect::<Result<_, _>>()?,
        }))
    }
}

impl fmt::Display for Leaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => f.write_str("none"),
            some if some.len() == LEAKS.len() => f.write_str("all"),
            some => f.write_str(&some.iter().map(|leak| leak.name).collect::<Vec<_>>().join(",")),
        }
    }
}

/// Every name, with `between` between them.
fn names(between: &str) -> String {
    LEAKS.iter().map(|leak| format!("`{}`", leak.name)).collect::<Vec<_>>().join(between)
}
