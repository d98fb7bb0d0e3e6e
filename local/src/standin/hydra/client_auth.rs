//! Who calls: client authentication by Basic credentials or by form members (RFC 6749, section 2.3.1).

use http::{HeaderMap, Method};
use subtle::ConstantTimeEq;

use super::super::wire::{basic, form_pairs, media_type};
use super::error::OauthError;
use super::{HydraVersion, OauthClient, Provider};

/// A form that was posted, names and values decoded.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the body of a POST. As in Hydra, an empty form and a body of another type are the same error.
    pub(super) fn read(method: &Method, headers: &HeaderMap, body: &[u8]) -> Result<Self, OauthError> {
        if method != Method::POST {
            return Err(OauthError::bad("invalid_request", "The HTTP method must be POST."));
        }
        let text = match std::str::from_utf8(body) {
            Ok(text) if media_type(headers) == "application/x-www-form-urlencoded" => text,
            _ => "",
        };
        let pairs = form_pairs(text);
        if pairs.is_empty() {
            return Err(OauthError::bad("invalid_request", "The POST body must not be empty."));
        }
        Ok(Self(pairs))
    }

    /// The first value of a name; `None` when it is absent or empty (RFC 6749, section 3.2: the same).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(this, _)| this == name)?;
        (!value.is_empty()).then_some(value.as_str())
    }

    /// True when a name stands there more than once, which RFC 6749, section 3.2 forbids.
    pub(super) fn repeats(&self, name: &str) -> bool {
        self.0.iter().filter(|(this, _)| this == name).count() > 1
    }
}

impl Provider {
    /// The client that the request's credentials belong to.
    pub(super) fn client(&self, headers: &HeaderMap, form: &Form) -> Result<&OauthClient, OauthError> {
        let posted = form.get("client_id").zip(form.get("client_secret"));
        let (id, secret) = match (self.basic_credentials(headers), posted) {
            (Some(_), Some(_)) => {
                return Err(OauthError::bad(
                    "invalid_request",
                    "More than one method of client authentication is used.",
                ));
            }
            (Some(credentials), None) => credentials,
            (None, Some((id, secret))) => (id.to_owned(), secret.to_owned()),
            (None, None) => return Err(UNKNOWN_CLIENT),
        };
        self.registered(&id, &secret).ok_or(UNKNOWN_CLIENT)
    }

    /// The client of `Authorization: Basic`, for introspection by a client.
    pub(super) fn basic_client(&self, headers: &HeaderMap) -> Option<&OauthClient> {
        let (id, secret) = self.basic_credentials(headers)?;
        self.registered(&id, &secret)
    }

    fn basic_credentials(&self, headers: &HeaderMap) -> Option<(String, String)> {
        let (id, secret) = basic(headers)?;
        match self.options.version {
            // Hydra 0.6 took them as they stand there.
            HydraVersion::V0_6 => Some((id, secret)),
            HydraVersion::V1_8 | HydraVersion::V2 => Some((form_decoded(&id), form_decoded(&secret))),
        }
    }

    fn registered(&self, id: &str, secret: &str) -> Option<&OauthClient> {
        let client = self.options.clients.iter().find(|client| client.id == id)?;
        bool::from(client.secret.as_bytes().ct_eq(secret.as_bytes())).then_some(client)
    }
}

const UNKNOWN_CLIENT: OauthError = OauthError::unauthorized(
    "invalid_client",
    "Client authentication failed: unknown client, no client authentication included, or unsupported method.",
);

/// A form-encoded word: `+` is a space, `%XX` a byte.
fn form_decoded(text: &str) -> String {
    let bytes = text.replace('+', " ");
    percent_encoding::percent_decode_str(&bytes)
        .decode_utf8_lossy()
        .into_owned()
}
