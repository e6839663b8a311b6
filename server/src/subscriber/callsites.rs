//! Which call sites are Tokio's, decided once when each registers; afterwards a comparison of addresses.

use std::sync::OnceLock;
use std::sync::atomic::{
    AtomicBool, AtomicU8,
    Ordering::{Acquire, Relaxed, Release},
};

use tracing_core::Metadata;

use super::fields::SpawnFields;
use super::resources::ResourceFields;
use crate::config::Resources;
use crate::registry::WakerOp;

/// Call sites kept: some hundred for each version of Tokio in the program.
const LIMIT: usize = 1 << 9;

/// What a call site of Tokio's tells us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A task is spawned.
    Spawn,
    /// Something is done to a waker.
    Waker,
    /// A resource is created.
    Resource,
    /// An operation on a resource begins.
    Op,
    /// A resource changes.
    Change(What),
    /// An operation changes.
    OpChange(OpWhat),
}

/// What of a resource changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Locked,
    WriteLocked,
    Readers,
    Permits,
    Duration,
    SenderDropped,
    ReceiverDropped,
    Sent,
    Size,
    Arrived,
}

/// What of an operation changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OpWhat {
    Polled,
    Requested,
    Obtained,
    Leads,
}

impl Role {
    /// The role of a call site at that level; `None`: not ours.
    pub(super) fn of(meta: &Metadata<'_>, level: Resources) -> Option<Self> {
        match meta.target() {
            "tokio::task" | "tokio::task::blocking"
                if meta.is_span() && meta.name() == "runtime.spawn" =>
            {
                Some(Self::Spawn)
            }
            "tokio::task::waker" if meta.is_event() => Some(Self::Waker),
            target if target.starts_with("tokio::") && meta.is_span() => match meta.name() {
                "runtime.resource" => Some(Self::Resource),
                "runtime.resource.async_op" => Some(Self::Op),
                _ => None,
            },
            target if meta.is_event() => {
                Self::of_event(target.strip_prefix("runtime::resource::")?, meta)
            }
            _ => None,
        }
        .filter(|role| !role.is_of_resources() || is_tracked(meta, level))
    }

    fn of_event(target: &str, meta: &Metadata<'_>) -> Option<Self> {
        let first = meta.fields().iter().next()?;
        Some(match (target, first.name()) {
            ("poll_op", _) => Self::OpChange(OpWhat::Polled),
            ("state_update", "locked") => Self::Change(What::Locked),
            ("state_update", "write_locked") => Self::Change(What::WriteLocked),
            ("state_update", "current_readers") => Self::Change(What::Readers),
            ("state_update", "permits") => Self::Change(What::Permits),
            ("state_update", "duration") => Self::Change(What::Duration),
            ("state_update", "tx_dropped") => Self::Change(What::SenderDropped),
            ("state_update", "rx_dropped") => Self::Change(What::ReceiverDropped),
            ("state_update", "value_sent") => Self::Change(What::Sent),
            ("state_update", "size") => Self::Change(What::Size),
            ("state_update", "arrived") => Self::Change(What::Arrived),
            ("async_op::state_update", "permits_requested") => Self::OpChange(OpWhat::Requested),
            ("async_op::state_update", "permits_obtained") => Self::OpChange(OpWhat::Obtained),
            ("async_op::state_update", "is_leader") => Self::OpChange(OpWhat::Leads),
            _ => return None,
        })
    }

    fn is_of_resources(self) -> bool {
        !matches!(self, Self::Spawn | Self::Waker)
    }
}

/// Whether a call site that tells of resources is tracked at that level: by the module of Tokio's that it is in.
fn is_tracked(meta: &Metadata<'_>, level: Resources) -> bool {
    let module = meta.module_path().unwrap_or_default();
    let locks = || {
        ["sync::mutex", "sync::rwlock", "sync::semaphore", "sync::batch_semaphore", "util::trace"]
            .into_iter()
            .any(|of| module.strip_prefix("tokio::").is_some_and(|inner| inner.starts_with(of)))
    };
    match level {
        Resources::Off => false,
        Resources::Locks => locks(),
        Resources::All => module.starts_with("tokio::"),
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

/// What is known of a call site.
#[derive(Debug)]
pub(super) enum Kind {
    Spawn(SpawnFields),
    Waker(WakerSite),
    Resource(ResourceFields),
    Op,
    Change(What),
    OpChange(OpWhat),
}

impl Kind {
    fn new(role: Role, meta: &Metadata<'_>) -> Self {
        match role {
            Role::Spawn => Self::Spawn(SpawnFields::of(meta.fields())),
            Role::Waker => Self::Waker(WakerSite { op: AtomicU8::new(0) }),
            Role::Resource => Self::Resource(ResourceFields::of(meta.fields())),
            Role::Op => Self::Op,
            Role::Change(what) => Self::Change(what),
            Role::OpChange(what) => Self::OpChange(what),
        }
    }
}

#[derive(Debug)]
struct Site {
    meta: &'static Metadata<'static>,
    kind: Kind,
    /// Whether it is ours at the present level.
    ours: AtomicBool,
    /// Whether the application's subscriber may want to see it.
    shown: AtomicBool,
}

/// The call sites of Tokio's that were registered: a hash table by their addresses.
#[derive(Debug)]
pub(super) struct Callsites {
    sites: Box<[OnceLock<Site>]>,
}

impl Default for Callsites {
    fn default() -> Self {
        Self { sites: (0..LIMIT).map(|_| OnceLock::new()).collect() }
    }
}

impl Callsites {
    /// The places in the table where a call site may be, in the order in which they are tried.
    #[inline]
    fn places(&self, meta: &Metadata<'_>) -> impl Iterator<Item = &OnceLock<Site>> {
        let address = std::ptr::from_ref(meta).addr() as u64;
        let first = (address.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48) as usize;
        (first..first + LIMIT).map(|at| &self.sites[at % LIMIT])
    }

    /// Enters a call site of that role; again, if its interest is asked for again. `None`: it is not ours, or no more.
    /// False: there is no room for it.
    pub(super) fn add(
        &self,
        meta: &'static Metadata<'static>,
        role: Option<Role>,
        shown: bool,
    ) -> bool {
        if let Some(site) = self.find(meta) {
            site.shown.store(shown, Relaxed);
            site.ours.store(role.is_some(), Release);
            return role.is_some();
        }
        let Some(role) = role else { return false };
        self.places(meta).any(|place| {
            let site = place.get_or_init(|| Site {
                meta,
                kind: Kind::new(role, meta),
                ours: AtomicBool::new(true),
                shown: AtomicBool::new(shown),
            });
            std::ptr::eq(site.meta, meta)
        })
    }

    #[inline]
    fn find(&self, meta: &Metadata<'_>) -> Option<&Site> {
        let entered = self.places(meta).map_while(OnceLock::get);
        entered.into_iter().find(|site| std::ptr::eq(site.meta, meta))
    }

    /// The call site, if it is one of Tokio's that are ours.
    #[inline]
    pub(super) fn get(&self, meta: &'static Metadata<'static>, level: Resources) -> Option<&Kind> {
        let site = self.find(meta).or_else(|| self.enter_early(meta, level))?;
        site.ours.load(Acquire).then_some(&site.kind)
    }

    /// While one thread registers a call site, others use it already.
    #[cold]
    fn enter_early(&self, meta: &'static Metadata<'static>, level: Resources) -> Option<&Site> {
        let role = Role::of(meta, level)?;
        self.add(meta, Some(role), true);
        self.find(meta)
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
