//! The JSON of an introspection reply (RFC 7662, section 2.2) or of a token's own claims (RFC 7519, section 4), as strict
//! as a decision about access has to be.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};

use crate::error::Problem;

/// The members of a reply, read from its body. A member that is `null` counts as absent.
pub struct Reply<'a> {
    active: bool,
    members: Vec<(Cow<'a, str>, Member<'a>)>,
}

/// A member as far as anyone looks into it.
pub(super) enum Member<'a> {
    Null,
    Flag(bool),
    Number(Number),
    Text(Cow<'a, str>),
    /// An array of texts.
    Texts(Vec<Cow<'a, str>>),
    Object(Value),
    /// An array of anything else.
    Mixed,
}

// Holds what the authorization server says about a person: never printed.
impl fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply(active: {}, {} members)", self.active, self.members.len())
    }
}

impl<'a> Reply<'a> {
    /// Reads a reply's body.
    ///
    /// # Errors
    /// [`Problem::UpstreamInvalid`] when it is not JSON in UTF-8, not an object, names a member twice, or does not
    /// say `active` as a boolean.
    pub fn read(body: &'a [u8]) -> Result<Self, Problem> {
        let members: Members<'a> = serde_json::from_slice(body).map_err(|_| Problem::UpstreamInvalid)?;
        let active = members.0.iter().find(|(name, _)| name == "active");
        match active {
            Some((_, Member::Flag(active))) => Ok(Self {
                active: *active,
                members: members.0,
            }),
            _ => Err(Problem::UpstreamInvalid),
        }
    }

    /// Reads the claims of a token whose signature was found good; that stands for the word of a server that it is
    /// active. Scopes may stand in `scope` or in Ory Hydra's `scp`, as a text or a list.
    ///
    /// # Errors
    /// [`Problem::MalformedJwt`] when it is not JSON in UTF-8, not an object, names a member twice, or has scopes that are
    /// neither a text nor a list of them.
    pub fn of_claims(payload: &'a [u8]) -> Result<Self, Problem> {
        let mut reply = Self::of_object(payload)?;
        let scope = match reply.get("scope").or_else(|| reply.get("scp")) {
            None => None,
            Some(Member::Text(scope)) => Some(scope.to_string()),
            // An item with a space would become two scopes.
            Some(Member::Texts(scopes)) if !scopes.iter().any(|scope| scope.contains(' ')) => Some(scopes.join(" ")),
            Some(_) => return Err(Problem::MalformedJwt),
        };
        reply.members.retain(|(name, _)| name != "scope");
        if let Some(scope) = scope {
            reply
                .members
                .push((Cow::Borrowed("scope"), Member::Text(Cow::Owned(scope))));
        }
        Ok(reply)
    }

    /// Reads any object of a token: its header, or its claims.
    ///
    /// # Errors
    /// [`Problem::MalformedJwt`] when it is not JSON in UTF-8, not an object, or names a member twice.
    pub fn of_object(json: &'a [u8]) -> Result<Self, Problem> {
        let members: Members<'a> = serde_json::from_slice(json).map_err(|_| Problem::MalformedJwt)?;
        Ok(Self {
            active: true,
            members: members.0,
        })
    }

    /// Whether a member stands there, be it `null`.
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(known, _)| known == name)
    }

    /// A member that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Member::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether the token is active.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// A member by its name, unless it is absent or `null`.
    pub(super) fn get(&self, name: &str) -> Option<&Member<'a>> {
        let known = self.members.iter().find(|(known, _)| known == name);
        known
            .map(|(_, member)| member)
            .filter(|member| !matches!(member, Member::Null))
    }
}

/// An object's members in their order, each name once.
struct Members<'a>(Vec<(Cow<'a, str>, Member<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // No server has more; comparing every name with every other stays cheap.
        const MAX_MEMBERS: usize = 256;
        let mut members: Vec<(Cow<'de, str>, Member<'de>)> = Vec::with_capacity(16);
        while let Some((name, member)) = map.next_entry::<Member<'de>, Member<'de>>()? {
            let Member::Text(name) = name else {
                return Err(A::Error::custom("a name that is no text"));
            };
            if members.len() == MAX_MEMBERS || members.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom("repeated or too many members"));
            }
            members.push((name, member));
        }
        Ok(Members(members))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Member<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = Member<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Member::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Member::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Member::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Member::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(number).map_or(Member::Mixed, Member::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(item) = items.next_element::<Member<'de>>()? {
            let Member::Text(text) = item else {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(Member::Mixed);
            };
            texts.push(text);
        }
        Ok(Member::Texts(texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(members)).map(Member::Object)
    }
}
