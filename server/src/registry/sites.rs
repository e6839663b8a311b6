//! Spawn sites: found by hash without a lock or an allocation, and the counters of each.

use std::sync::{OnceLock, PoisonError};
use std::time::Duration;

use stranded_analysis::facts::{Moment, SpawnSite, TaskKind};
use stranded_analysis::histogram::LogHistogram;

use super::histogram::SharedHistogram;
use super::history::SiteHistory;
use super::slot::{Outcome, Snapshot};
use crate::lockfree;
use crate::lockfree::Mutex;
use crate::lockfree::atomic::{
    AtomicBool, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

/// The most sites told apart; the tasks of further ones count for [`OTHER`].
const LIMIT: usize = lockfree::size(4096, 4);
/// Slots of the hash table: a power of two, at most half full.
const TABLE: usize = LIMIT * 2;
/// Bits of a table entry that hold the site's number; the rest is its hash.
const NUMBER_BITS: u32 = 16;
const NUMBER_MASK: u64 = (1 << NUMBER_BITS) - 1;
const _: () = assert!(LIMIT <= NUMBER_MASK as usize);
/// The site of all tasks whose own site found no room.
const OTHER: u32 = 0;
/// A task of at least this age, and ten times that of others that returned, has survived them.
const SURVIVES: Duration = Duration::from_secs(30);
/// That many make a site suspect.
const SURVIVORS: u64 = 3;
/// Bytes of a folded name that are kept.
const NAME_LIMIT: usize = 64;
/// At one place, names are told apart while they are fewer than this part of the room that is left: so tasks named
/// after users or requests, at however many places, leave room for other places.
const SHARE: usize = 8;
/// The name of all others at a place.
const OTHER_NAMES: &str = "(other names)";

/// What a spawn tells of its site, borrowed from the span's fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct SiteKey<'a> {
    pub(super) file: &'a str,
    pub(super) line: u32,
    pub(super) column: u32,
    /// The name with digits not yet folded.
    pub(super) name: &'a str,
    pub(super) kind: TaskKind,
    /// Spawned by the agent itself.
    pub(super) own: bool,
}

impl SiteKey<'_> {
    fn hash(&self) -> u64 {
        const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut hash = u64::from(self.line) << 32
            | u64::from(self.column) << 4
            | self.kind as u64
            | u64::from(self.own) << 3;
        let mut mix = |word: u64| hash = (hash.rotate_left(5) ^ word).wrapping_mul(MIX);
        for chunk in self.file.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            mix(u64::from_le_bytes(word));
        }
        folded(self.name).for_each(|byte| mix(u64::from(byte)));
        // 0 marks a free entry of the table.
        hash ^ hash >> 32
    }

    fn is(&self, site: &Site) -> bool {
        self.is_at(site) && folded(self.name).eq(site.place.name.bytes())
    }

    fn is_at(&self, site: &Site) -> bool {
        let place = &site.place;
        self.line == place.line
            && self.column == place.column
            && self.kind == place.kind
            && self.own == site.own
            && self.file == place.file
    }
}

/// The bytes of `name` with each run of digits as one `#`, cut at a character boundary.
fn folded(name: &str) -> impl Iterator<Item = u8> {
    let cut =
        (0..=name.len().min(NAME_LIMIT)).rev().find(|&at| name.is_char_boundary(at)).unwrap_or(0);
    let mut in_digits = false;
    name[..cut].bytes().filter_map(move |byte| {
        let digit = byte.is_ascii_digit();
        let first = digit && !in_digits;
        in_digits = digit;
        match (digit, first) {
            (false, _) => Some(byte),
            (true, true) => Some(b'#'),
            (true, false) => None,
        }
    })
}

/// One spawn site.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) place: SpawnSite,
    pub(super) own: bool,
    pub(super) first_spawn: u64,
    pub(super) last_spawn: AtomicU64,
    pub(super) spawned: AtomicU64,
    pub(super) returned: AtomicU64,
    pub(super) cancelled: AtomicU64,
    pub(super) panicked: AtomicU64,
    pub(super) children: AtomicU64,
    pub(super) revived: AtomicU64,
    pub(super) largest: AtomicU64,
    /// Whether tasks of it stay although others of it are long gone: see [`Site::wants_spawn_stack`].
    suspect: AtomicBool,
    pub(super) lifetimes: SharedHistogram,
    pub(super) cancelled_lifetimes: SharedHistogram,
    pub(super) poll_times: SharedHistogram,
    pub(super) scheduled_times: SharedHistogram,
    pub(super) park_times: SharedHistogram,
    /// Only the agent's thread looks in here.
    history: Mutex<SiteHistory>,
}

impl Site {
    fn new(key: &SiteKey<'_>, now: Moment) -> Self {
        let name = String::from_utf8_lossy(&folded(key.name).collect::<Vec<_>>()).into_owned();
        let place = SpawnSite {
            file: key.file.to_owned(),
            line: key.line,
            column: key.column,
            name,
            kind: key.kind,
        };
        Self {
            place,
            own: key.own,
            first_spawn: now.0,
            last_spawn: AtomicU64::new(now.0),
            spawned: AtomicU64::new(0),
            returned: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            panicked: AtomicU64::new(0),
            children: AtomicU64::new(0),
            revived: AtomicU64::new(0),
            largest: AtomicU64::new(0),
            suspect: AtomicBool::new(false),
            lifetimes: SharedHistogram::new(),
            cancelled_lifetimes: SharedHistogram::new(),
            poll_times: SharedHistogram::new(),
            scheduled_times: SharedHistogram::new(),
            park_times: SharedHistogram::new(),
            history: Mutex::default(),
        }
    }

    /// A task is spawned here. Tells whether to keep the stack at its spawn.
    pub(super) fn spawn(&self, now: Moment, size: u64) -> bool {
        let before = self.spawned.fetch_add(1, Relaxed);
        self.last_spawn.store(now.0, Relaxed);
        if size > self.largest.load(Relaxed) {
            self.largest.fetch_max(size, Relaxed);
        }
        self.wants_spawn_stack(before)
    }

    /// Whether the stack of the spawn after that many others is kept: of the first ones, which tell where such tasks come
    /// from; of a small share of the others; and of a larger one once the site is suspect. What `block_on` runs is not spawned.
    fn wants_spawn_stack(&self, spawned_before: u64) -> bool {
        let one_in = if self.suspect.load(Relaxed) { 4 } else { 64 };
        let spawned = !self.own && self.place.kind != TaskKind::BlockOn;
        spawned && (spawned_before < 32 || spawned_before.is_multiple_of(one_in))
    }

    /// Takes note of how old its live tasks are, against the lifetimes of those that returned.
    pub(super) fn compare<'a>(
        &self,
        lifetimes: &LogHistogram,
        ages: impl Iterator<Item = &'a LogHistogram>,
    ) {
        let usual = lifetimes.quantile(0.99).unwrap_or_default().saturating_mul(10);
        let survivors: u64 = ages.map(|ages| ages.certainly_above(usual.max(SURVIVES))).sum();
        self.suspect.store(survivors >= SURVIVORS, Relaxed);
    }

    /// A task of it ended after `lifetime` nanoseconds.
    pub(super) fn end(&self, outcome: Outcome, lifetime: u64) {
        let (count, lifetimes) = match outcome {
            Outcome::Returned => (&self.returned, Some(&self.lifetimes)),
            Outcome::Cancelled => (&self.cancelled, Some(&self.cancelled_lifetimes)),
            Outcome::Panicked => (&self.panicked, None),
        };
        count.fetch_add(1, Release);
        if let Some(lifetimes) = lifetimes {
            lifetimes.record(lifetime);
        }
    }

    /// Whether a task of it is parked without anything that could wake it.
    pub(super) fn is_stranded(&self, task: &Snapshot) -> bool {
        self.place.kind.has_wakers()
            && !task.unaccounted()
            && task.parked()
            && task.live_wakers() == 0
    }

    /// Tasks that have ended. Read before `spawned`, so that their difference never goes below 0.
    pub(super) fn ended(&self) -> u64 {
        self.returned.load(Acquire) + self.cancelled.load(Acquire) + self.panicked.load(Acquire)
    }

    /// Tasks alive.
    #[cfg(test)]
    pub(super) fn live(&self) -> u64 {
        let ended = self.ended();
        self.spawned.load(Relaxed).saturating_sub(ended)
    }

    /// Its history, for the agent's thread.
    pub(super) fn with_history<R>(&self, look: impl FnOnce(&mut SiteHistory) -> R) -> R {
        look(&mut self.history.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An entry of the table that is free.
#[derive(Debug)]
struct Entry {
    at: usize,
    hash: u64,
}

/// All spawn sites.
#[derive(Debug)]
pub(super) struct Sites {
    /// Hash and number of each site; 0: free. Never 0 for a site, as number 0 is not entered here.
    table: Box<[AtomicU64]>,
    sites: Box<[OnceLock<Site>]>,
    used: AtomicU32,
    /// Held while a site is entered.
    entering: Mutex<()>,
}

impl Sites {
    pub(super) fn new() -> Self {
        let sites: Box<[OnceLock<Site>]> = (0..LIMIT).map(|_| OnceLock::new()).collect();
        let other = SiteKey {
            file: "(other sites)",
            line: 0,
            column: 0,
            name: "",
            kind: TaskKind::Unknown,
            own: false,
        };
        let _ = sites[OTHER as usize].set(Site::new(&other, Moment(0)));
        let table = (0..TABLE).map(|_| AtomicU64::new(0)).collect();
        Self { table, sites, used: AtomicU32::new(1), entering: Mutex::default() }
    }

    /// The site of that number.
    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&Site> {
        self.sites.get(number as usize)?.get()
    }

    /// All sites with their numbers that ever had a task.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Site)> {
        let used = self.used.load(Acquire).min(LIMIT as u32);
        let sites = (0..used).filter_map(|number| Some((number, self.get(number)?)));
        sites.filter(|(_, site)| site.spawned.load(Relaxed) > 0)
    }

    /// The number of the site with that key, which is entered if it is new.
    pub(super) fn find(&self, key: &SiteKey<'_>, now: Moment) -> u32 {
        self.look_up(key).unwrap_or_else(|_| self.find_new(key, now))
    }

    /// The number of the site with that key; if there is none, what to write where to enter it.
    #[inline]
    fn look_up(&self, key: &SiteKey<'_>) -> Result<u32, Entry> {
        let hash = key.hash() & !NUMBER_MASK;
        let start = (hash >> NUMBER_BITS) as usize;
        for at in (start..start + TABLE).map(|at| at % TABLE) {
            let found = self.table[at].load(Acquire);
            if found == 0 {
                return Err(Entry { at, hash });
            }
            let number = (found & NUMBER_MASK) as u32;
            if found & !NUMBER_MASK == hash && self.get(number).is_some_and(|site| key.is(site)) {
                return Ok(number);
            }
        }
        // The table is never more than half full.
        Ok(OTHER)
    }

    /// The number of a site that is not in the table yet: it is entered, or counts as one of the others.
    #[cold]
    fn find_new(&self, key: &SiteKey<'_>, now: Moment) -> u32 {
        let others = SiteKey { name: OTHER_NAMES, ..*key };
        if !key.name.is_empty()
            && let Ok(number) = self.look_up(&others)
        {
            return number;
        }
        if self.used.load(Relaxed) as usize >= LIMIT {
            return OTHER;
        }
        // One at a time, so that threads which meet at a new site use up one place of the few.
        let _entering = self.entering.lock().unwrap_or_else(PoisonError::into_inner);
        let key = if key.name.is_empty() || self.has_room_for_a_name(key) { key } else { &others };
        self.look_up(key).unwrap_or_else(|entry| self.enter(key, &entry, now))
    }

    /// Whether one more name may be told apart at the place of `key`; the first always.
    fn has_room_for_a_name(&self, key: &SiteKey<'_>) -> bool {
        let used = self.used.load(Relaxed);
        let names = (0..used).filter_map(|number| self.get(number)).filter(|site| key.is_at(site));
        names.count() <= (LIMIT - used as usize) / SHARE
    }

    /// Enters a site, if there is room. Only one thread at a time does so.
    fn enter(&self, key: &SiteKey<'_>, entry: &Entry, now: Moment) -> u32 {
        let number = self.used.load(Relaxed);
        let Some(place) = self.sites.get(number as usize) else { return OTHER };
        let _ = place.set(Site::new(key, now));
        self.used.store(number + 1, Release);
        self.table[entry.at].store(entry.hash | u64::from(number), Release);
        number
    }

    /// Bytes held, roughly: five histograms and a history a site.
    pub(super) fn bytes(&self) -> u64 {
        let used = u64::from(self.used.load(Relaxed)).min(LIMIT as u64);
        let histograms = 5 * SharedHistogram::BYTES;
        used * (size_of::<Site>() + histograms + SiteHistory::BYTES) as u64
            + (self.table.len() * size_of::<AtomicU64>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(line: u32, name: &str) -> SiteKey<'_> {
        SiteKey { file: "src/pool.rs", line, column: 9, name, kind: TaskKind::Task, own: false }
    }

    #[test]
    fn the_first_spawn_stacks_are_kept_then_a_share_and_more_of_suspect_sites() {
        let sites = Sites::new();
        let site = sites.get(sites.find(&key(4, ""), Moment(5))).unwrap();
        let kept = |spawns: usize| (0..spawns).filter(|_| site.spawn(Moment(5), 0)).count();
        assert_eq!(kept(32), 32);
        assert_eq!(kept(6400 - 32), 99);
        let ages = |seconds: u64| {
            let mut ages = LogHistogram::default();
            (0..SURVIVORS).for_each(|_| ages.record(Duration::from_secs(seconds)));
            ages
        };
        let lifetimes = ages(5);
        site.compare(&lifetimes, [ages(40)].iter());
        assert_eq!(kept(6400), 100, "they may well return");
        site.compare(&lifetimes, [ages(80)].iter());
        assert_eq!(kept(6400), 1600);
        site.compare(&lifetimes, [].iter());
        assert_eq!(kept(6400), 100);
    }

    #[test]
    fn names_that_differ_in_digits_share_a_site() {
        let sites = Sites::new();
        let first = sites.find(&key(4, "conn-123 of 7"), Moment(5));
        assert_eq!(first, sites.find(&key(4, "conn-9 of 18"), Moment(6)));
        assert_eq!(sites.get(first).unwrap().place.name, "conn-# of #");
        assert_ne!(first, sites.find(&key(4, "conn-a of 18"), Moment(6)));
        assert_ne!(first, sites.find(&key(5, "conn-1 of 1"), Moment(6)));
        assert_ne!(first, sites.find(&SiteKey { own: true, ..key(4, "conn-1 of 1") }, Moment(6)));
    }

    #[test]
    fn tasks_named_after_their_users_leave_room_for_other_places() {
        let sites = Sites::new();
        let name = |user: u32| -> String {
            let letter = |at: u32| char::from(b'a' + (user >> (4 * at) & 15) as u8);
            (0..4).map(letter).collect()
        };
        let spawn = |line, name: &str| {
            let number = sites.find(&key(line, name), Moment(1));
            sites.get(number).unwrap().spawn(Moment(1), 0);
            number
        };
        for line in 1..=20 {
            for user in 0..2_000 {
                spawn(line, &name(user));
            }
        }
        let told_apart = |line| sites.iter().filter(|(_, site)| site.place.line == line).count();
        assert!(told_apart(1) > 400, "while there is plenty of room: {}", told_apart(1));
        assert!(told_apart(20) > 10, "{}", told_apart(20));
        let others = sites.iter().filter(|(_, site)| site.place.name == OTHER_NAMES);
        let live: u64 = others.map(|(_, site)| site.live()).sum();
        let named = sites.iter().filter(|(_, site)| site.place.name != OTHER_NAMES).count();
        assert_eq!(live + named as u64, 20 * 2_000, "none is lost");
        for line in 100..350 {
            assert_ne!(spawn(line, ""), OTHER);
        }
    }

    #[test]
    fn sites_beyond_the_limit_share_one_and_none_is_lost() {
        let sites = Sites::new();
        for line in 0..LIMIT as u32 + 500 {
            let number = sites.find(&key(line, ""), Moment(1));
            sites.get(number).unwrap().spawn(Moment(1), 0);
        }
        assert_eq!(sites.iter().map(|(_, site)| site.live()).sum::<u64>(), LIMIT as u64 + 500);
        assert_eq!(sites.get(OTHER).unwrap().live(), 501);
    }

    #[test]
    fn threads_that_meet_at_a_new_site_agree_on_it() {
        let sites = Sites::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for line in 0..1000 {
                        let number = sites.find(&key(line, "x"), Moment(1));
                        sites.get(number).unwrap().spawn(Moment(1), 0);
                    }
                });
            }
        });
        assert_eq!(sites.iter().filter(|(number, _)| *number != OTHER).count(), 1000);
        assert_eq!(sites.used.load(Relaxed), 1001, "no room is lost to a race");
        assert!(
            sites.iter().filter(|(number, _)| *number != OTHER).all(|(_, site)| site.live() == 4)
        );
    }
}
