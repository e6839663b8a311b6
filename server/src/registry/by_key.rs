//! Values by key, for a loop that meets very few keys very often.

use std::collections::HashMap;
use std::hash::Hash;

/// Keys that are compared one by one before one is hashed.
const NEAR: usize = 8;

/// Values by key, each made when its key is first met.
#[derive(Debug)]
pub(super) struct ByKey<K, V> {
    keys: Vec<K>,
    values: Vec<V>,
    /// Where the keys after the first [`NEAR`] are.
    far: HashMap<K, usize>,
}

impl<K, V> Default for ByKey<K, V> {
    fn default() -> Self {
        Self { keys: Vec::new(), values: Vec::new(), far: HashMap::new() }
    }
}

impl<K: Copy + Eq + Hash, V: Default> ByKey<K, V> {
    /// The value of `key`.
    pub(super) fn of(&mut self, key: K) -> &mut V {
        let near = self.keys.iter().take(NEAR).position(|known| *known == key);
        let at = near.or_else(|| self.far.get(&key).copied()).unwrap_or_else(|| {
            let at = self.keys.len();
            if at >= NEAR {
                self.far.insert(key, at);
            }
            self.keys.push(key);
            self.values.push(V::default());
            at
        });
        &mut self.values[at]
    }

    /// All of them, in the order in which their keys were met.
    pub(super) fn into_pairs(self) -> impl Iterator<Item = (K, V)> {
        self.keys.into_iter().zip(self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_one_value_however_many_there_are() {
        let mut counts = ByKey::<u32, u32>::default();
        for round in 0..3 {
            for key in 0..100 {
                *counts.of(key * 7) += round + key;
            }
        }
        let expected: Vec<_> = (0..100).map(|key| (key * 7, 3 + 3 * key)).collect();
        assert_eq!(counts.into_pairs().collect::<Vec<_>>(), expected);
    }
}
