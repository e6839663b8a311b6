//! Full names of the live tasks that have one. Most tasks have none, and cost nothing here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::id::SlotId;

const SHARDS: usize = 16;
/// Names kept in one shard; later ones are unknown until earlier tasks end.
const SHARD_LIMIT: usize = 1 << 14;

#[derive(Debug, Default)]
pub(super) struct Names([Mutex<HashMap<u64, Box<str>>>; SHARDS]);

impl Names {
    fn with<R>(&self, id: SlotId, act: impl FnOnce(&mut HashMap<u64, Box<str>>) -> R) -> R {
        let shard = &self.0[id.index() as usize % SHARDS];
        act(&mut shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn insert(&self, id: SlotId, name: &str) {
        self.with(id, |names| {
            if names.len() < SHARD_LIMIT {
                names.insert(id.raw(), name.into());
            }
        });
    }

    pub(super) fn forget(&self, id: SlotId) {
        self.with(id, |names| names.remove(&id.raw()));
    }

    pub(super) fn get(&self, id: SlotId) -> Option<String> {
        self.with(id, |names| names.get(&id.raw()).map(|name| name.to_string()))
    }
}
