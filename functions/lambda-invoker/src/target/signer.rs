//! What signs the requests of one target.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::HeaderValue;
use http::uri::PathAndQuery;
use shared::aws::{Credentials, Provider};
use shared::http::outbound::Outbound;
use shared::sign::{Canonical, Scope, SigningKeys, Unsigned, sign, signed_headers};
use shared::{Clock, Deadline};

use crate::account::Account;
use crate::error::Failure;
use crate::routes::Signing;

/// Scope and credentials of a target's signatures.
#[derive(Debug)]
pub(super) struct Signer {
    signing: Signing,
    canonical: Canonical,
    keys: SigningKeys,
    credentials: Arc<Provider>,
}

impl Signer {
    pub(super) fn new(signing: Signing, credentials: Arc<Provider>) -> Self {
        Self {
            canonical: Canonical::of_service(&signing.service).with_unsigned_payload(signing.unsigned_payload),
            keys: SigningKeys::default(),
            credentials,
            signing,
        }
    }

    /// Whether there may be other credentials after those in use.
    pub(super) fn is_renewable(&self) -> bool {
        self.credentials.is_renewable()
    }

    /// Forgets credentials that the target has called stale. Whether there is hope for others.
    pub(super) fn forget(&self, credentials: &Credentials) -> bool {
        self.credentials.forget(credentials)
    }

    /// Signs a request as of now. Gives the credentials that it was signed with.
    pub(super) async fn apply(
        &self,
        request: &mut Outbound,
        host: &HeaderValue,
        body: &Bytes,
        deadline: &Deadline,
        clock: &dyn Clock,
        account: &mut Account,
    ) -> Result<Credentials, Failure> {
        let credentials = self.credentials.credentials(deadline.remaining()).await;
        let credentials = credentials.map_err(|unavailable| {
            account.error(Some(unavailable.0));
            Failure::Credentials
        })?;
        let started = Instant::now();
        let headers = signed_headers(request.headers(), &self.signing.signed_headers);
        let unsigned = Unsigned {
            method: request.method().as_str(),
            host: host.to_str().map_err(|_| Failure::Signing)?,
            target: request.uri().path_and_query().map_or("", PathAndQuery::as_str),
            headers: &headers.map_err(|_| Failure::BadHeader)?,
            body,
        };
        let scope = Scope {
            region: &self.signing.region,
            service: &self.signing.service,
            at_ms: clock.now_ms(),
        };
        let added = sign(&unsigned, &credentials, &scope, self.canonical, &self.keys).map_err(|_| Failure::Signing)?;
        request.headers_mut().extend(added);
        account.signed(started);
        Ok(credentials)
    }
}
