//! The JSON of an introspection reply (RFC 7662, section 2.2), as strict as a decision about access has to be.

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::error::Problem;

/// The members of a reply. A member that is `null` counts as absent.
pub struct Reply {
    active: bool,
    members: Vec<(String, Value)>,
}

// Holds what the authorization server says about a person: never printed.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply(active: {}, {} members)", self.active, self.members.len())
    }
}

impl Reply {
    /// Reads a reply's body.
    ///
    /// # Errors
    /// [`Problem::UpstreamInvalid`] when it is not JSON in UTF-8, not an object, names a member twice, or does not
    /// say `active` as a boolean.
    pub fn read(body: &[u8]) -> Result<Self, Problem> {
        let members: Members = serde_json::from_slice(body).map_err(|_| Problem::UpstreamInvalid)?;
        let active = members.0.iter().find(|(name, _)| name == "active");
        match active {
            Some((_, Value::Bool(active))) => Ok(Self {
                active: *active,
                members: members.0,
            }),
            _ => Err(Problem::UpstreamInvalid),
        }
    }

    /// Whether the token is active.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// A member by its name, unless it is absent or `null`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members
            .iter()
            .find(|(known, value)| known == name && !value.is_null())
            .map(|(_, value)| value)
    }
}

/// An object's members in their order, each name once.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // No server has more; comparing every name with every other stays cheap.
        const MAX_MEMBERS: usize = 256;
        let mut members: Vec<(String, Value)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.len() == MAX_MEMBERS || members.iter().any(|(known, _)| *known == name) {
                map.next_value::<IgnoredAny>()?;
                return Err(A::Error::custom("repeated or too many members"));
            }
            members.push((name, map.next_value()?));
        }
        Ok(Members(members))
    }
}
