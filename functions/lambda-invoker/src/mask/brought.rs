//! What a client brought.

use std::borrow::Cow;
use std::collections::BTreeSet;

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, HeaderValue};
use http::{Request, Uri};
use percent_encoding::percent_decode_str;

use super::{SHORTEST, SHORTEST_DOUBTFUL};
use crate::request::headers::X_API_KEY;

/// So many values are looked for; a client that brings more than that may not make us search for all of them.
const MOST_VALUES: usize = 256;

/// What a client brought that it would not like to see in a log: it is kept, not copied, and looked at only when there
/// is something to hide.
#[derive(Debug, Default)]
pub struct Brought {
    headers: Vec<HeaderValue>,
    uri: Uri,
    body: Bytes,
}

impl Brought {
    /// What the client of a request brought.
    pub fn by(request: &Request<Bytes>) -> Self {
        let names = [AUTHORIZATION, COOKIE, X_API_KEY];
        let values = names.iter().flat_map(|name| request.headers().get_all(name));
        Self {
            headers: values.cloned().collect(),
            uri: request.uri().clone(),
            body: request.body().clone(),
        }
    }

    /// Headers as a whole and what they are made of, the query's values in both spellings, and the body: each value
    /// once, and none that is longer than `longest` bytes. `None` when there are too many of them.
    pub(super) fn values<'a>(&'a self, longest: usize) -> Option<BTreeSet<Cow<'a, str>>> {
        let mut values: BTreeSet<Cow<'a, str>> = BTreeSet::new();
        let mut add = |value: Cow<'a, str>, shortest: usize| {
            if (shortest..=longest).contains(&value.len()) {
                values.insert(value);
            }
            (values.len() <= MOST_VALUES).then_some(())
        };
        for value in self.headers.iter().filter_map(|value| value.to_str().ok()) {
            add(value.into(), SHORTEST)?;
            for word in value.split([' ', ';', ',', '=']) {
                add(word.into(), SHORTEST_DOUBTFUL)?;
            }
        }
        let pairs = self.uri.query().unwrap_or_default().split('&');
        for value in pairs.filter_map(|pair| Some(pair.split_once('=')?.1)) {
            add(value.into(), SHORTEST)?;
            let spaced = value.replace('+', " ");
            let decoded = percent_decode_str(&spaced).decode_utf8_lossy().into_owned();
            add(decoded.into(), SHORTEST)?;
        }
        // One that is longer is not even checked.
        if self.body.len() <= longest
            && let Ok(body) = std::str::from_utf8(&self.body)
        {
            add(body.into(), SHORTEST)?;
        }
        Some(values)
    }
}
