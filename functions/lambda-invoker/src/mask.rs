//! Hides what may be a secret in a text that is logged: what a target says about a request that it refuses often holds
//! parts of the request. AWS quotes the whole canonical request, with the session's token.

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, HeaderValue};
use http::{Request, Uri};
use percent_encoding::percent_decode_str;
use shared::{Env, Secret};

use crate::request::headers::X_API_KEY;
use crate::routes::{Destination, RouteTable};

const HIDDEN: &str = "[redacted]";

/// Shorter values are no secrets, or hide too much of a text.
const SHORTEST: usize = 4;

/// The same for values that only may be secrets: of cookies, and of the parameters of a target's URL.
const SHORTEST_DOUBTFUL: usize = 8;

/// Runs of letters and digits of this length are taken for a token or a key.
const LONG_RUN: usize = 32;

/// Words whose values are secrets: names of headers, of parameters and of members, parts of names among them.
const TELLING: [&str; 9] = [
    "authorization",
    "api-key",
    "apikey",
    "api_key",
    "cookie",
    "credential",
    "password",
    "secret",
    "token",
];

/// The secrets that are known by their values.
#[derive(Debug, Default)]
pub struct Mask(Vec<Secret>);

impl Mask {
    /// Hides the secrets of a table and of the environment.
    pub fn of(table: &RouteTable, env: &dyn Env) -> Self {
        let mut secrets: Vec<Secret> = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
            .into_iter()
            .filter_map(|name| env.get(name).map(Secret::new))
            .collect();
        for route in table.routes() {
            if let Some(key) = route.authorization.api_key.as_ref().and_then(|key| key.to_str().ok()) {
                secrets.push(Secret::new(key));
            }
            let source = match &route.destination {
                Destination::Endpoint(endpoint) => endpoint.signing.as_ref().map(|signing| &signing.credentials),
                Destination::Function(function) => Some(&function.credentials),
            };
            if let Destination::Endpoint(endpoint) = &route.destination {
                let values = endpoint.base_query.iter().map(|pair| pair.value.as_str());
                secrets.extend(values.filter(|value| value.len() >= SHORTEST_DOUBTFUL).map(Secret::new));
            }
            if let Some(keys) = source.and_then(|source| source.keys.as_ref()) {
                secrets.extend([keys.access_key.clone(), keys.secret_key.clone()]);
                secrets.extend(keys.session_token.clone());
            }
        }
        let mut known: Vec<Secret> = Vec::new();
        for secret in secrets {
            if secret.reveal().len() >= SHORTEST && !known.contains(&secret) {
                known.push(secret);
            }
        }
        Self(known)
    }

    /// The text with everything hidden that is a known secret or was `brought` by the client, that follows a telling
    /// word, or that looks like a key.
    pub fn hide(&self, text: &str, brought: &Brought) -> String {
        let mut text = text.to_owned();
        let brought = brought.texts();
        for secret in self
            .0
            .iter()
            .map(Secret::reveal)
            .chain(brought.iter().map(String::as_str))
        {
            if text.contains(secret) {
                text = text.replace(secret, HIDDEN);
            }
        }
        hide_long_runs(&hide_told(&text))
    }
}

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

    /// Headers as a whole and what they are made of, the query's values in both spellings, and the body.
    fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for value in self.headers.iter().filter_map(|value| value.to_str().ok()) {
            let words = value.split([' ', ';', ',', '=']);
            texts.extend(words.filter(|word| word.len() >= SHORTEST_DOUBTFUL).map(str::to_owned));
            texts.push(value.to_owned());
        }
        let pairs = self.uri.query().unwrap_or_default().split('&');
        for value in pairs.filter_map(|pair| Some(pair.split_once('=')?.1)) {
            texts.push(
                percent_decode_str(&value.replace('+', " "))
                    .decode_utf8_lossy()
                    .into_owned(),
            );
            texts.push(value.to_owned());
        }
        texts.extend(std::str::from_utf8(&self.body).ok().map(str::to_owned));
        texts.retain(|text| text.len() >= SHORTEST);
        // What holds another one comes first.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts
    }
}

/// Hides the value behind each telling word: all that follows up to the end of the line, of the string or of the
/// parameter.
fn hide_told(text: &str) -> String {
    // The same length as the text, since only ASCII letters change.
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut rest = 0;
    while let Some((start, word)) = TELLING
        .iter()
        .filter_map(|word| Some((rest + lower.get(rest..)?.find(word)?, word)))
        .min_by_key(|(at, _)| *at)
    {
        let word_end = start + word.len();
        let value = value_start(text, word_end);
        out.push_str(text.get(rest..value.unwrap_or(word_end)).unwrap_or_default());
        rest = match value {
            Some(value) => {
                let length = text.get(value..).map_or(0, value_length);
                if length > 0 {
                    out.push_str(HIDDEN);
                }
                value + length
            }
            None => word_end,
        };
    }
    out.push_str(text.get(rest..).unwrap_or_default());
    out
}

/// Where the value of a name begins whose telling word ends at `at`; `None` when no `=` or `:` follows the name.
fn value_start(text: &str, at: usize) -> Option<usize> {
    let after_name = text.get(at..)?;
    let name_length =
        after_name.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-' && letter != '_')?;
    let after = after_name.get(name_length..)?;
    let separator = after.trim_start_matches(['"', '\'', '\\', ' ']);
    let value = separator.strip_prefix([':', '='])?;
    let value = value.trim_start_matches([' ', '"', '\'', '\\', '[']);
    Some(text.len() - value.len())
}

fn value_length(value: &str) -> usize {
    value
        .find(['"', '\'', '\\', '\n', '\r', '&', '<', '}', ']'])
        .unwrap_or(value.len())
}

fn hide_long_runs(text: &str) -> String {
    let in_run = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '=' | '_' | '-');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest.find(|letter| !in_run(letter)).unwrap_or(rest.len());
        let (run, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        out.push_str(if run.len() >= LONG_RUN && !is_uuid(run) {
            HIDDEN
        } else {
            run
        });
        let gap = after.find(in_run).unwrap_or(after.len());
        let (between, next) = after.split_at_checked(gap).unwrap_or((after, ""));
        out.push_str(between);
        rest = next;
    }
    out
}

/// Ids of requests are wanted in a log.
fn is_uuid(run: &str) -> bool {
    let groups: Vec<&str> = run.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_hidden() {
        let mask = Mask(vec![Secret::new("kn/own+key")]);
        for (text, expected) in [
            ("", ""),
            ("{\"message\":\"Forbidden\"}", "{\"message\":\"Forbidden\"}"),
            ("{\"message\":null}", "{\"message\":null}"),
            ("the key kn/own+key is bad", "the key [redacted] is bad"),
            (
                "host:a\nx-amz-security-token:IQoJ/b3+x==\nx-b:1",
                "host:a\nx-amz-security-token:[redacted]\nx-b:1",
            ),
            ("Authorization: Bearer abc.def\nx", "Authorization: [redacted]\nx"),
            (
                "{\"Password\" : \"hunter2\", \"user\":\"bob\"}",
                "{\"Password\" : \"[redacted]\", \"user\":\"bob\"}",
            ),
            (
                "{\\\"access_token\\\":\\\"abc\\\",\\\"id\\\":1}",
                "{\\\"access_token\\\":\\\"[redacted]\\\",\\\"id\\\":1}",
            ),
            ("a=1&api_key=x%20y&b=2", "a=1&api_key=[redacted]&b=2"),
            ("Missing Authentication Token", "Missing Authentication Token"),
            ("token expired", "token expired"),
            ("{\"set-cookie\":[\"a=1; b=2\"]}", "{\"set-cookie\":[\"[redacted]\"]}"),
            (
                "signed 5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
                "signed [redacted]",
            ),
            (
                "id 3f2504e0-4f89-41d3-9a0c-0305e82c3301",
                "id 3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            ),
            (
                "/2015-03-31/functions/hello/invocations",
                "/2015-03-31/functions/hello/invocations",
            ),
            ("é token=\"é\" é", "é token=\"[redacted]\" é"),
            ("secret", "secret"),
            ("secret=", "secret="),
        ] {
            assert_eq!(mask.hide(text, &Brought::default()), expected, "{text}");
        }
    }
    #[test]
    fn what_a_client_brought_is_hidden() {
        let request = Request::post("/x?q=caf%C3%A9+au&n=12&t=abcd")
            .header("authorization", "Basic Zm9vOmJhcg==")
            .header("cookie", "theme=dark; session=s3cret-session")
            .header("x-api-key", "k-12")
            .body(Bytes::from_static(b"{\"pin\":1234}"))
            .unwrap();
        let text = "Zm9vOmJhcg== s3cret-session dark k-12 Basic café au caf%C3%A9+au 12 abcd {\"pin\":1234} 1234";
        assert_eq!(
            Mask::default().hide(text, &Brought::by(&request)),
            "[redacted]== [redacted] dark [redacted] Basic [redacted] [redacted] 12 [redacted] [redacted] 1234"
        );
    }
}
