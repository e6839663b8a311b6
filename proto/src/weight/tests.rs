//! What is too heavy is refused, what an agent sends is not, and no list is forgotten.

use std::path::Path;

use proptest::prelude::*;
use prost::Message as _;

use super::*;
use crate::arbitrary;
use crate::limits::{MAX_CLUSTERS, MAX_ITEMS, MAX_MESSAGE_BYTES};

#[test]
fn a_message_of_empty_sub_messages_is_refused_unread() {
    let sites =
        v1::Update { sites: vec![v1::Site::default(); MAX_ITEMS * 4], ..Default::default() };
    let bytes = sites.encode_to_vec();
    assert!(bytes.len() < MAX_MESSAGE_BYTES);
    assert_eq!(check::<v1::Update>(&bytes), Err(TooHeavy));

    // Within the bounds of each list.
    let site =
        v1::Site { clusters: vec![v1::Cluster::default(); MAX_CLUSTERS], ..Default::default() };
    let clusters = v1::Update { sites: vec![site; 5000], ..Default::default() };
    let bytes = clusters.encode_to_vec();
    assert!(bytes.len() < MAX_MESSAGE_BYTES);
    assert_eq!(check::<v1::Update>(&bytes), Err(TooHeavy));
}

#[test]
fn small_items_by_the_thousand_are_fine() {
    let ended = v1::EndedTask { id: 1, ending: 1, at_ns: 1 };
    let update = v1::Update { ended: vec![ended; MAX_ITEMS], ..Default::default() };
    assert_eq!(check::<v1::Update>(&update.encode_to_vec()), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_an_agent_sends_is_fine(update in arbitrary::update()) {
        prop_assert_eq!(check::<v1::Update>(&v1::Update::from(&update).encode_to_vec()), Ok(()));
    }

    #[test]
    fn any_bytes_are_weighed_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = check::<v1::Update>(&bytes);
    }
}

/// A list that the shape does not name could be as long as it likes.
#[test]
fn every_list_of_messages_is_weighed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let set = protox::compile(["stranded/v1/inspector.proto"], [root.join("proto")]).unwrap();
    let messages = &set.file[0].message_type;
    /// The numbers of all lists of messages below the message `name`, by path.
    macro_rules! named {
        ($name:expr) => {
            messages.iter().find(|message| message.name() == $name.rsplit('.').next().unwrap())
        };
    }
    let mut open = vec![("Update".to_owned(), &<v1::Update as Weigh>::SHAPE, String::new())];
    let mut lists = 0;
    while let Some((name, shape, path)) = open.pop() {
        for field in &named!(name).unwrap().field {
            let Some(inner) = named!(field.type_name()) else { continue };
            let leads_on = inner
                .field
                .iter()
                .any(|field| field.label() as i32 == 3 && named!(field.type_name()).is_some());
            let path = format!("{path}.{}", field.name());
            let known = shape.lists.iter().find(|(number, _)| *number == field.number() as u32);
            if field.label() as i32 == 3 || leads_on {
                let (_, item) = known.unwrap_or_else(|| panic!("{path} is not weighed"));
                open.push((field.type_name().to_owned(), item, path));
                lists += 1;
            } else {
                assert!(known.is_none(), "{path} is no list");
            }
        }
    }
    assert!(lists > 15, "{lists}");
}
