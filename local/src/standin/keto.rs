//! A stand-in for Ory Keto: relation tuples, and who is permitted what by them. Answers are as 26.2.0 gave them; rewrites
//! of the permission language are not there.
//!
//! Read port: `GET` and `POST /relation-tuples/check`, which says no with 403, and `/relation-tuples/check/openapi`, which
//! says it with 200. Write port: `PUT` and `DELETE /admin/relation-tuples`. Health pages and `/version` are on both.
//!
//! Each port has its own `/_calls` and `/_faults`.

mod api;
mod relations;
#[cfg(test)]
mod tests;
mod tuple;

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;

use self::relations::Relations;
pub use self::tuple::{RelationTuple, Subject};
use super::{Call, StandIn};

/// A running stand-in for Keto.
pub struct Keto {
    read: StandIn,
    write: StandIn,
    relations: Arc<Relations>,
}

impl Keto {
    /// Serves both ports on sockets that are bound already, with these namespaces and no tuples.
    ///
    /// # Errors
    /// A socket has no address. Must be called within a tokio runtime.
    pub fn start(read: TcpListener, write: TcpListener, namespaces: &[&str]) -> io::Result<Self> {
        let relations = Arc::new(Relations::new(namespaces));
        Ok(Self {
            read: StandIn::start(read, api::read().with_state(relations.clone()))?,
            write: StandIn::start(write, api::write().with_state(relations.clone()))?,
            relations,
        })
    }

    /// Base URL of the read port.
    pub fn read_url(&self) -> String {
        self.read.url()
    }

    /// Base URL of the write port.
    pub fn write_url(&self) -> String {
        self.write.url()
    }

    /// The read port, for its calls and faults.
    pub fn read(&self) -> &StandIn {
        &self.read
    }

    /// The write port, for its calls and faults.
    pub fn write(&self) -> &StandIn {
        &self.write
    }

    /// The checks that were asked for, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.read.calls()
    }

    /// Keeps a tuple.
    pub fn put(&self, tuple: RelationTuple) {
        self.relations.put(tuple);
    }

    /// Permits a subject a relation to an object.
    pub fn permit(&self, namespace: &str, object: &str, relation: &str, subject_id: &str) {
        self.put(RelationTuple {
            namespace: namespace.to_owned(),
            object: object.to_owned(),
            relation: relation.to_owned(),
            subject: Subject::Id(subject_id.to_owned()),
        });
    }

    /// Forgets all tuples.
    pub fn clear(&self) {
        self.relations.remove(|_| true);
    }
}
