//! The lines that create resources: each kept once, found without a lock.

use std::sync::OnceLock;
use std::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed},
};

use stranded_analysis::facts::Place;

/// The most places told apart; a resource created at a further one has none.
const LIMIT: usize = 4096;
/// Entries of the hash table: a power of two, at most half full.
const TABLE: usize = LIMIT * 2;
/// Bits of an entry that hold the place's number, from 1; the rest is its hash.
const NUMBER_BITS: u32 = 16;
const NUMBER_MASK: u64 = (1 << NUMBER_BITS) - 1;

/// All of them.
#[derive(Debug)]
pub(super) struct Places {
    table: Box<[AtomicU64]>,
    places: Box<[OnceLock<Place>]>,
    used: AtomicU32,
}

fn hash(file: &str, line: u32, column: u32) -> u64 {
    let mut hash = u64::from(line) << 32 | u64::from(column);
    for chunk in file.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        let word = u64::from_le_bytes(word);
        hash = (hash.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    hash ^ hash >> 32
}

impl Places {
    pub(super) fn new() -> Self {
        Self {
            table: (0..TABLE).map(|_| AtomicU64::new(0)).collect(),
            places: (0..LIMIT).map(|_| OnceLock::new()).collect(),
            used: AtomicU32::new(0),
        }
    }

    /// The place of that number; 0 is none.
    pub(super) fn get(&self, number: u32) -> Option<&Place> {
        self.places.get((number as usize).checked_sub(1)?)?.get()
    }

    /// The number of a place, which is entered if it is new; 0: there is no room.
    pub(super) fn find(&self, file: &str, line: u32, column: u32) -> u32 {
        let hash = hash(file, line, column) & !NUMBER_MASK;
        let mut at = (hash >> NUMBER_BITS) as usize % TABLE;
        let mut new = None;
        for _ in 0..TABLE {
            let entry = &self.table[at];
            let mut found = entry.load(Acquire);
            if found == 0 {
                let Some(number) = new.or_else(|| self.make(file, line, column)) else { return 0 };
                match entry.compare_exchange(0, hash | u64::from(number), AcqRel, Acquire) {
                    Ok(_) => return number,
                    // Another thread was first here, maybe with the same place.
                    Err(theirs) => (new, found) = (Some(number), theirs),
                }
            }
            let number = (found & NUMBER_MASK) as u32;
            let is =
                |place: &Place| place.line == line && place.column == column && place.file == file;
            if found & !NUMBER_MASK == hash && self.get(number).is_some_and(is) {
                return number;
            }
            at = (at + 1) % TABLE;
        }
        0
    }

    #[cold]
    fn make(&self, file: &str, line: u32, column: u32) -> Option<u32> {
        let room = |used: u32| ((used as usize) < LIMIT).then(|| used + 1);
        let at = self.used.fetch_update(AcqRel, Acquire, room).ok()?;
        let _ = self.places.get(at as usize)?.set(Place { file: file.to_owned(), line, column });
        Some(at + 1)
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> u64 {
        let used = self.places.iter().take(self.used.load(Relaxed) as usize);
        let names: usize = used.filter_map(OnceLock::get).map(|place| place.file.len()).sum();
        let fixed = TABLE * size_of::<AtomicU64>() + LIMIT * size_of::<OnceLock<Place>>();
        (names + fixed) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_one_number_and_those_beyond_the_limit_have_none() {
        let places = Places::new();
        let first = places.find("src/a.rs", 7, 3);
        assert_eq!(first, places.find("src/a.rs", 7, 3));
        assert_ne!(first, places.find("src/a.rs", 7, 4));
        assert_ne!(first, places.find("src/b.rs", 7, 3));
        assert_eq!(places.get(first).map(|place| &*place.file), Some("src/a.rs"));
        let numbers = (0..LIMIT as u32 + 10).map(|line| places.find("src/c.rs", line, 1));
        assert_eq!(numbers.filter(|number| *number == 0).count(), 13);
        assert_eq!(places.find("src/c.rs", 9999, 1), 0);
        assert_eq!(places.get(0), None);
    }

    #[test]
    fn threads_that_meet_at_a_new_place_agree_on_it() {
        let places = Places::new();
        let numbers = || (0..500).map(|line| places.find("src/d.rs", line, 1)).collect::<Vec<_>>();
        std::thread::scope(|scope| {
            let both = [scope.spawn(numbers), scope.spawn(numbers)];
            let [one, other] = both.map(|thread| thread.join().expect("no panic"));
            assert_eq!(one, other);
        });
    }
}
