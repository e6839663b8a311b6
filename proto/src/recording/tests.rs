//! A recording replays what is there of it, and says what is not.

use proptest::prelude::*;
use stranded_analysis::facts::{BootId, Gauges, Moment, ParkStack, StackId, Update};

use super::*;
use crate::arbitrary;
use crate::split::PART_BYTES;

fn header() -> Header {
    Header {
        created_unix_ns: Some(1_700_000_000_000_000_000),
        tool_version: Some("0.1.0".to_owned()),
    }
}

/// A small update that can be told from others.
fn update(seq: u64) -> Update {
    let gauges = Gauges { tracked: seq, ..Gauges::default() };
    Update { gauges: Some(gauges), ..Update::empty(BootId(7), seq, Moment(seq)) }
}

/// A finished recording of `updates`.
fn recorded(updates: impl IntoIterator<Item = Update>) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &header()).unwrap();
    for update in updates {
        writer.write(update).unwrap();
    }
    writer.finish().unwrap()
}

/// Everything that `reader` replays.
fn replayed<R: io::Read>(reader: &mut Reader<R>) -> Vec<Update> {
    std::iter::from_fn(|| reader.next_update().unwrap()).collect()
}

#[test]
fn what_was_recorded_is_replayed() {
    let updates: Vec<Update> = (1..=5).map(update).collect();
    let file = recorded(updates.clone());
    let mut reader = Reader::new(file.as_slice()).unwrap();
    assert_eq!(*reader.header(), header());
    assert_eq!(replayed(&mut reader), updates);
    assert_eq!(reader.loss(), None);
    assert!(reader.finished());
    assert!(is_recording(&file));
}

#[test]
fn nothing_known_and_nothing_recorded_is_a_recording_too() {
    let writer = Writer::new(Vec::new(), &Header::default()).unwrap();
    let file = writer.finish().unwrap();
    let mut reader = Reader::new(file.as_slice()).unwrap();
    assert_eq!((replayed(&mut reader), reader.finished(), reader.loss()), (vec![], true, None));
}

#[test]
fn a_file_cut_at_any_byte_replays_up_to_the_cut() {
    let file = recorded((1..=4).map(update));
    let (_, frames) = boundaries(&file);
    for cut in 0..file.len() {
        let mut reader = match Reader::new(&file[..cut]) {
            Ok(reader) => reader,
            Err(error) => {
                assert!(
                    matches!(error, RecordingError::Empty) && cut < MAGIC.len() + 4,
                    "cut at {cut}: {error}"
                );
                continue;
            }
        };
        let whole = frames.iter().filter(|&&end| end <= cut).count();
        assert_eq!(
            replayed(&mut reader),
            (1..=whole as u64).map(update).collect::<Vec<_>>(),
            "cut at {cut}"
        );
        assert!(!reader.finished(), "cut at {cut}");
        let whole_to = boundaries(&file).0.into_iter().filter(|&end| end <= cut).max().unwrap();
        let lost = reader.loss().map(|loss| (loss.first_at, loss.bytes, loss.damage.clone()));
        let expected =
            (whole_to < cut).then(|| (whole_to as u64, (cut - whole_to) as u64, Damage::Cut));
        assert_eq!(lost, expected, "cut at {cut}");
    }
}

/// Where the start and each frame of `file` ends, and where each frame of an update does.
fn boundaries(file: &[u8]) -> (Vec<usize>, Vec<usize>) {
    let mut ends = vec![MAGIC.len() + 4];
    while ends.last().unwrap() + 8 < file.len()
        && let Some(head) =
            file.get(*ends.last().unwrap()..).and_then(|rest| rest.first_chunk::<4>())
    {
        ends.push(ends.last().unwrap() + 8 + u32::from_le_bytes(*head) as usize);
    }
    let updates = ends[2..].to_vec();
    (ends, updates)
}

#[test]
fn a_flipped_byte_costs_what_it_is_in_and_is_told() {
    let all: Vec<Update> = (1..=4).map(update).collect();
    let file = recorded(all.clone());
    for at in MAGIC.len() + 4..file.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = file.clone();
            damaged[at] ^= flip;
            let mut reader = Reader::new(damaged.as_slice()).unwrap();
            let replayed = replayed(&mut reader);
            assert!(
                replayed.iter().all(|update| all.contains(update)),
                "wrong facts from a flip at {at}"
            );
            assert!(
                reader.loss().is_some_and(|loss| loss.bytes > 0),
                "a flip at {at} goes unnoticed"
            );
        }
    }
}

#[test]
fn a_damaged_payload_is_skipped_as_a_gap() {
    let mut file = recorded((1..=4).map(update));
    let (_, frames) = boundaries(&file);
    file[frames[1] - 1] ^= 1;
    let mut reader = Reader::new(file.as_slice()).unwrap();
    let numbers: Vec<u64> = replayed(&mut reader).iter().map(|update| update.seq).collect();
    assert_eq!(numbers, [1, 3, 4]);
    assert!(reader.finished());
    assert_eq!(
        reader.loss().unwrap().to_string(),
        format!(
            "{} bytes lost at byte {}: a frame does not match its checksum",
            frames[1] - frames[0],
            frames[0]
        ),
    );
}

#[test]
fn bytes_behind_the_end_are_told() {
    let mut file = recorded([update(1)]);
    let end = file.len();
    file.extend([0; 10]);
    let mut reader = Reader::new(file.as_slice()).unwrap();
    assert_eq!(replayed(&mut reader).len(), 1);
    let loss = Loss { places: 1, bytes: 10, first_at: end as u64, damage: Damage::Trailing };
    assert_eq!(reader.loss(), Some(&loss));
}

#[test]
fn a_hostile_length_is_not_believed() {
    let mut file = recorded([]);
    file.truncate(file.len() - 8);
    let start = file.len() as u64;
    file.extend(u32::MAX.to_le_bytes());
    file.extend([0; 20]);
    let mut reader = Reader::new(file.as_slice()).unwrap();
    assert_eq!(replayed(&mut reader), []);
    let loss = Loss { places: 1, bytes: 24, first_at: start, damage: Damage::Length(u32::MAX) };
    assert_eq!(reader.loss(), Some(&loss));
}

#[test]
fn what_is_no_recording_is_refused_with_a_hint() {
    let refusal = |file: &[u8]| Reader::new(file).unwrap_err().to_string();
    assert!(refusal(b"{\"json\": true}").starts_with("this is not a recording\nhint: "));
    assert!(
        refusal(b"STRANDED\n\x1a\n........").starts_with("this recording was converted as text")
    );
    let mut newer = recorded([update(1)]);
    newer[MAGIC.len()] = 9;
    assert_eq!(
        refusal(&newer),
        "this recording has format 9, and this version reads up to 1\nhint: open it with a newer `stranded`",
    );
    assert!(refusal(b"").starts_with("this recording ends before anything was recorded"));
}

/// An update that takes several frames.
fn large(seq: u64) -> Update {
    let addresses: Vec<u64> = vec![u64::MAX; 128];
    let stack = |id| ParkStack {
        id: StackId(id),
        wait: None,
        park: None,
        addresses: addresses.clone(),
        frames: Vec::new(),
    };
    let count = 2 * PART_BYTES / (10 * addresses.len());
    Update { stacks: (0..count as u32).map(stack).collect(), ..update(seq) }
}

#[test]
fn cutting_a_large_update_leaves_no_gap_and_hides_none() {
    let reboot = Update { boot: BootId(8), ..update(1) };
    let file = recorded([update(1), large(2), update(3), update(5), reboot]);
    let replayed = replayed(&mut Reader::new(file.as_slice()).unwrap());
    let numbers: Vec<(u64, u64)> =
        replayed.iter().map(|update| (update.boot.0, update.seq)).collect();
    // The large one takes 2, 3 and 4; the lost one would be 6.
    assert_eq!(numbers, [(7, 1), (7, 2), (7, 3), (7, 4), (7, 5), (7, 7), (8, 1)]);
    assert_eq!(
        replayed.iter().map(|update| update.complete).collect::<Vec<_>>(),
        [true, false, false, true, true, true, true],
    );
}

proptest! {
    #[test]
    fn any_update_is_replayed_equal(updates in prop::collection::vec(arbitrary::update(), 0..4)) {
        let boot = |(seq, update)| Update { boot: BootId(1), seq: seq as u64 + 1, ..update };
        let updates: Vec<Update> = updates.into_iter().enumerate().map(boot).collect();
        let file = recorded(updates.clone());
        prop_assert_eq!(replayed(&mut Reader::new(file.as_slice()).unwrap()), updates);
    }

    #[test]
    fn any_bytes_behind_a_good_start_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut file = MAGIC.to_vec();
        file.extend(VERSION.to_le_bytes());
        file.extend(&bytes);
        let mut reader = Reader::new(file.as_slice()).unwrap();
        let updates = replayed(&mut reader);
        prop_assert!(updates.is_empty());
        prop_assert_eq!(reader.loss().map_or(0, |loss| loss.bytes), bytes.len() as u64);
    }
}
