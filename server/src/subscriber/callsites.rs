//! Which call sites are Tokio's, decided once when each registers; afterwards a comparison of addresses.

use std::sync::OnceLock;
use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};

use tracing_core::Metadata;

use super::fields::SpawnFields;
use crate::registry::WakerOp;

/// Call sites kept: two of spawns and four of wakers for each version of Tokio in the program.
const LIMIT: usize = 32;

/// What a call site of Tokio's tells us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A task is spawned.
    Spawn,
    /// Something is done to a waker.
    Waker,
}

impl Role {
    /// The role of a call site; `None`: not ours.
    pub(super) fn of(meta: &Metadata<'_>) -> Option<Self> {
        match meta.target() {
            "tokio::task" | "tokio::task::blocking"
                if meta.is_span() && meta.name() == "runtime.spawn" =>
            {
                Some(Self::Spawn)
            }
            "tokio::task::waker" if meta.is_event() => Some(Self::Waker),
            _ => None,
        }
    }
}

/// The version of Tokio, as the path of one of its source files tells: a registry unpacks each crate into a folder of
/// its name and version.
pub(super) fn tokio_version(file: &str) -> Option<&str> {
    let version = file.split(['/', '\\']).find_map(|folder| folder.strip_prefix("tokio-"))?;
    version.starts_with(|first: char| first.is_ascii_digit()).then_some(version)
}

/// A call site of a waker operation.
#[derive(Debug)]
pub(super) struct WakerSite {
    /// The operation, as a [`WakerOp`]; 0 until its first event has told.
    op: AtomicU8,
}

impl WakerSite {
    pub(super) fn op(&self) -> Option<WakerOp> {
        [WakerOp::Clone, WakerOp::Drop, WakerOp::Wake, WakerOp::WakeByRef]
            .into_iter()
            .find(|op| *op as u8 == self.op.load(Relaxed))
    }

    pub(super) fn learn(&self, op: WakerOp) {
        self.op.store(op as u8, Relaxed);
    }
}

#[derive(Debug)]
enum Kind {
    Spawn(SpawnFields),
    Waker(WakerSite),
}

#[derive(Debug)]
struct Site {
    meta: &'static Metadata<'static>,
    kind: Kind,
    /// Whether the application's subscriber may want to see it.
    shown: AtomicBool,
}

/// The call sites of Tokio's that were registered.
#[derive(Debug, Default)]
pub(super) struct Callsites {
    sites: [OnceLock<Site>; LIMIT],
    used: AtomicUsize,
}

impl Callsites {
    /// Enters a call site; again, if its interest is asked for again. False: there is no room for it.
    pub(super) fn add(&self, meta: &'static Metadata<'static>, role: Role, shown: bool) -> bool {
        if let Some(site) = self.find(meta) {
            site.shown.store(shown, Relaxed);
            return true;
        }
        let kind = || match role {
            Role::Spawn => Kind::Spawn(SpawnFields::of(meta.fields())),
            Role::Waker => Kind::Waker(WakerSite { op: AtomicU8::new(0) }),
        };
        for (at, place) in self.sites.iter().enumerate() {
            let site =
                place.get_or_init(|| Site { meta, kind: kind(), shown: AtomicBool::new(shown) });
            if std::ptr::eq(site.meta, meta) {
                self.used.fetch_max(at + 1, Release);
                return true;
            }
        }
        false
    }

    #[inline]
    fn find(&self, meta: &Metadata<'_>) -> Option<&Site> {
        let wanted = std::ptr::from_ref(meta).addr();
        let used = self.used.load(Acquire);
        let sites = self.sites[..used].iter().filter_map(OnceLock::get);
        sites.into_iter().find(|site| std::ptr::from_ref(site.meta).addr() == wanted)
    }

    /// The call site, if it is one of Tokio's.
    #[inline]
    fn site(&self, meta: &'static Metadata<'static>) -> Option<&Site> {
        self.find(meta).or_else(|| self.enter_early(meta))
    }

    /// While one thread registers a call site, others use it already.
    fn enter_early(&self, meta: &'static Metadata<'static>) -> Option<&Site> {
        let role = Role::of(meta)?;
        self.add(meta, role, true);
        self.find(meta)
    }

    /// The fields of a spawn, if it is one.
    #[inline]
    pub(super) fn spawn(&self, meta: &'static Metadata<'static>) -> Option<&SpawnFields> {
        match &self.site(meta)?.kind {
            Kind::Spawn(fields) => Some(fields),
            Kind::Waker(_) => None,
        }
    }

    /// The waker operation's call site, if it is one.
    #[inline]
    pub(super) fn waker(&self, meta: &'static Metadata<'static>) -> Option<&WakerSite> {
        match &self.site(meta)?.kind {
            Kind::Waker(site) => Some(site),
            Kind::Spawn(_) => None,
        }
    }

    #[inline]
    pub(super) fn is_waker(&self, meta: &'static Metadata<'static>) -> bool {
        self.waker(meta).is_some()
    }

    /// Whether the application's subscriber may want to see the call site.
    #[inline]
    pub(super) fn shown(&self, meta: &Metadata<'_>) -> bool {
        self.find(meta).is_some_and(|site| site.shown.load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_tokio_is_read_off_its_path_or_unknown() {
        let unpacked = "/home/me/.cargo/registry/src/index-0/tokio-1.54.1/src/util/trace.rs";
        assert_eq!(tokio_version(unpacked), Some("1.54.1"));
        assert_eq!(tokio_version(r"C:\registry\tokio-2.0.0-rc.1\src\lib.rs"), Some("2.0.0-rc.1"));
        assert_eq!(tokio_version("/src/tokio-util-0.7.20/src/lib.rs"), None);
        assert_eq!(tokio_version("/src/vendor/tokio/src/util/trace.rs"), None);
    }
}
