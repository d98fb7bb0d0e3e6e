//! The tuples that are kept, and who is permitted what by them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::tuple::{RelationTuple, Subject};

/// How many sets are looked into, one in the other: Keto's own limit unless it is told another.
const MAX_DEPTH: usize = 5;

/// All tuples, in the order in which they came.
pub(super) struct Relations {
    namespaces: Vec<String>,
    kept: Mutex<Vec<RelationTuple>>,
}

impl Relations {
    pub(super) fn new(namespaces: &[&str]) -> Self {
        Self {
            namespaces: namespaces.iter().map(|&name| name.to_owned()).collect(),
            kept: Mutex::default(),
        }
    }

    pub(super) fn has_namespace(&self, name: &str) -> bool {
        self.namespaces.iter().any(|known| known == name)
    }

    pub(super) fn put(&self, tuple: RelationTuple) {
        let mut kept = self.lock();
        if !kept.contains(&tuple) {
            kept.push(tuple);
        }
    }

    pub(super) fn remove(&self, is_meant: impl Fn(&RelationTuple) -> bool) {
        self.lock().retain(|tuple| !is_meant(tuple));
    }

    /// Whether the subject has the relation, by itself or in a set.
    pub(super) fn has(&self, wanted: &RelationTuple) -> bool {
        let kept = self.lock();
        let root = (&wanted.namespace, &wanted.object, &wanted.relation);
        has(&kept, root, &wanted.subject, MAX_DEPTH)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<RelationTuple>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn has(kept: &[RelationTuple], of: (&String, &String, &String), wanted: &Subject, depth: usize) -> bool {
    depth > 0
        && kept
            .iter()
            .filter(|tuple| (&tuple.namespace, &tuple.object, &tuple.relation) == of)
            .any(|tuple| {
                let is_in = match &tuple.subject {
                    Subject::Set {
                        namespace,
                        object,
                        relation,
                    } => has(kept, (namespace, object, relation), wanted, depth - 1),
                    Subject::Id(_) => false,
                };
                tuple.subject == *wanted || is_in
            })
}
