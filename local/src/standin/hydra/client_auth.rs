//! Who calls: client authentication by Basic credentials (RFC 6749, section 2.3.1).

use http::HeaderMap;
use subtle::ConstantTimeEq;

use super::super::wire::{basic, form_pairs, media_type};
use super::error::OauthError;
use super::{HydraVersion, OauthClient, Provider};

/// A form that was posted, names and values decoded.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the body of a POST. As in Hydra, an empty form and a body of another type are the same error.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, OauthError> {
        let text = match std::str::from_utf8(body) {
            Ok(text) if media_type(headers) == "application/x-www-form-urlencoded" => text,
            _ => "",
        };
        let pairs = form_pairs(text);
        if pairs.is_empty() {
            return Err(OauthError::invalid_request("The POST body can not be empty."));
        }
        Ok(Self(pairs))
    }

    /// The first value of a name, whatever follows; `None` when it is absent or empty (RFC 6749, section 3.2: the same).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(this, _)| this == name)?;
        (!value.is_empty()).then_some(value.as_str())
    }
}

impl Provider {
    /// The client that the request's credentials belong to. Clients are registered, as they are by default, for Basic
    /// alone.
    pub(super) fn client(&self, headers: &HeaderMap, form: &Form) -> Result<&OauthClient, OauthError> {
        if self.options.version > HydraVersion::V0_6 && form.get("client_id").is_some() {
            return Err(OauthError::invalid_client(Some(
                "The OAuth 2.0 Client supports client authentication method 'client_secret_basic', but method \
                 'client_secret_post' was requested. You must configure the OAuth 2.0 client's \
                 'token_endpoint_auth_method' value to accept 'client_secret_post'.",
            )));
        }
        let Some((id, secret)) = self.basic_credentials(headers) else {
            return Err(OauthError::invalid_request(
                "Client credentials missing or malformed in both HTTP Authorization header and HTTP POST body.",
            ));
        };
        self.registered(&id, &secret).ok_or(OauthError::invalid_client(None))
    }

    /// The client of `Authorization: Basic`, for introspection by a client.
    pub(super) fn basic_client(&self, headers: &HeaderMap) -> Option<&OauthClient> {
        let (id, secret) = self.basic_credentials(headers)?;
        self.registered(&id, &secret)
    }

    fn basic_credentials(&self, headers: &HeaderMap) -> Option<(String, String)> {
        let (id, secret) = basic(headers)?;
        match self.options.version.decodes_basic() {
            true => Some((form_decoded(&id), form_decoded(&secret))),
            false => Some((id, secret)),
        }
    }

    fn registered(&self, id: &str, secret: &str) -> Option<&OauthClient> {
        let client = self.options.clients.iter().find(|client| client.id == id)?;
        bool::from(client.secret.as_bytes().ct_eq(secret.as_bytes())).then_some(client)
    }
}

/// A form-encoded word: `+` is a space, `%XX` a byte.
fn form_decoded(text: &str) -> String {
    let bytes = text.replace('+', " ");
    percent_encoding::percent_decode_str(&bytes)
        .decode_utf8_lossy()
        .into_owned()
}
