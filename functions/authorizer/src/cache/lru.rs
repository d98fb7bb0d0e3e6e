//! A map of bounded size that forgets what was not used for the longest time.
//!
//! Written here because it is a page of safe code; the known crates for it bring `unsafe` code and a second hash map.

use std::collections::HashMap;

use super::Key;

/// No neighbour.
const NONE: usize = usize::MAX;

/// Entries stand in a list from the most to the least recently used, linked by their places in `nodes`.
#[derive(Debug)]
pub(super) struct Lru<V> {
    capacity: usize,
    places: HashMap<Key, usize>,
    nodes: Vec<Node<V>>,
    /// Places of `nodes` whose value was removed.
    free: Vec<usize>,
    newest: usize,
    oldest: usize,
}

#[derive(Debug)]
struct Node<V> {
    key: Key,
    value: Option<V>,
    newer: usize,
    older: usize,
}

impl<V> Lru<V> {
    /// An empty map for `capacity` entries, which is at least one. Memory is taken as entries come.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            places: HashMap::new(),
            nodes: Vec::new(),
            free: Vec::new(),
            newest: NONE,
            oldest: NONE,
        }
    }

    /// The number of entries.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// A value; it becomes the most recently used.
    pub(super) fn get(&mut self, key: &Key) -> Option<&V> {
        let place = *self.places.get(key)?;
        if self.newest != place {
            self.unlink(place);
            self.link_newest(place);
        }
        self.nodes.get(place)?.value.as_ref()
    }

    /// Puts a value in as the most recently used. The least recently used goes if there is no room.
    pub(super) fn insert(&mut self, key: Key, value: V) {
        self.remove(&key);
        if self.places.len() >= self.capacity
            && let Some(oldest) = self.nodes.get(self.oldest).map(|node| node.key)
        {
            self.remove(&oldest);
        }
        let node = Node {
            key,
            value: Some(value),
            newer: NONE,
            older: NONE,
        };
        let place = match self.free.pop() {
            Some(place) => {
                if let Some(empty) = self.nodes.get_mut(place) {
                    *empty = node;
                }
                place
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() - 1
            }
        };
        self.places.insert(key, place);
        self.link_newest(place);
    }

    /// Takes a value out.
    pub(super) fn remove(&mut self, key: &Key) -> Option<V> {
        let place = self.places.remove(key)?;
        self.unlink(place);
        self.free.push(place);
        self.nodes.get_mut(place)?.value.take()
    }

    fn unlink(&mut self, place: usize) {
        let Some((newer, older)) = self.nodes.get(place).map(|node| (node.newer, node.older)) else {
            return;
        };
        match self.nodes.get_mut(newer) {
            Some(node) => node.older = older,
            None => self.newest = older,
        }
        match self.nodes.get_mut(older) {
            Some(node) => node.newer = newer,
            None => self.oldest = newer,
        }
    }

    fn link_newest(&mut self, place: usize) {
        let before = self.newest;
        if let Some(node) = self.nodes.get_mut(place) {
            node.newer = NONE;
            node.older = before;
        }
        match self.nodes.get_mut(before) {
            Some(node) => node.newer = place,
            None => self.oldest = place,
        }
        self.newest = place;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(number: u8) -> Key {
        [number; 32]
    }

    /// The same by the plainest means: the front of the list is the most recently used.
    #[derive(Default)]
    struct Model(Vec<(Key, u32)>);

    impl Model {
        fn take(&mut self, key: &Key) -> Option<u32> {
            let at = self.0.iter().position(|(known, _)| known == key)?;
            Some(self.0.remove(at).1)
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Get(u8),
        Insert(u8, u32),
        Remove(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..12_u8).prop_map(Step::Get),
            (0..12_u8, any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
            (0..12_u8).prop_map(Step::Remove),
        ]
    }

    proptest! {
        #[test]
        fn behaves_as_its_model(capacity in 1..8_usize, steps in prop::collection::vec(step(), 0..200)) {
            let mut lru = Lru::new(capacity);
            let mut model = Model::default();
            for step in steps {
                match step {
                    Step::Get(number) => {
                        let known = model.take(&key(number));
                        if let Some(value) = known {
                            model.0.insert(0, (key(number), value));
                        }
                        prop_assert_eq!(lru.get(&key(number)).copied(), known);
                    }
                    Step::Insert(number, value) => {
                        model.take(&key(number));
                        model.0.insert(0, (key(number), value));
                        model.0.truncate(capacity);
                        lru.insert(key(number), value);
                    }
                    Step::Remove(number) => prop_assert_eq!(lru.remove(&key(number)), model.take(&key(number))),
                }
                prop_assert_eq!(lru.len(), model.0.len());
                prop_assert!(lru.nodes.len() <= capacity);
            }
            for (known, value) in model.0 {
                prop_assert_eq!(lru.remove(&known), Some(value));
            }
            prop_assert_eq!(lru.len(), 0);
        }
    }
}
