//! What signs the requests of one target.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue};
use shared::aws::{Credentials, Moment, Provider, Skew};
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
    skew: Skew,
}

/// What a request was signed with.
#[derive(Debug)]
pub(super) struct Signed {
    credentials: Credentials,
    moment: Moment,
}

impl Signer {
    pub(super) fn new(signing: Signing, credentials: Arc<Provider>) -> Self {
        Self {
            canonical: Canonical::of_service(&signing.service).with_unsigned_payload(signing.unsigned_payload),
            keys: SigningKeys::default(),
            credentials,
            skew: Skew::default(),
            signing,
        }
    }

    /// Whether there may be other credentials after those in use.
    pub(super) fn is_renewable(&self) -> bool {
        self.credentials.is_renewable()
    }

    /// Forgets credentials that the target has called stale. Whether there is hope for others.
    pub(super) fn forget(&self, signed: &Signed) -> bool {
        self.credentials.forget(&signed.credentials)
    }

    /// Whether the target refused a request with this code and these headers because our clock is off. What is signed from
    /// now on has its time.
    pub(super) fn is_skewed(
        &self,
        code: Option<&str>,
        headers: &HeaderMap,
        signed: &Signed,
        clock: &dyn Clock,
    ) -> bool {
        self.skew.explains(code, headers, signed.moment, clock)
    }

    /// Signs a request as of now. Gives what it was signed with.
    pub(super) async fn apply(
        &self,
        request: &mut Outbound,
        host: &HeaderValue,
        body: &Bytes,
        deadline: &Deadline,
        clock: &dyn Clock,
        account: &mut Account,
    ) -> Result<Signed, Failure> {
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
        let moment = self.skew.now(clock);
        let scope = Scope {
            region: &self.signing.region,
            service: &self.signing.service,
            at_ms: moment.signed_ms(),
        };
        let added = sign(&unsigned, &credentials, &scope, self.canonical, &self.keys).map_err(|_| Failure::Signing)?;
        request.headers_mut().extend(added);
        account.signed(started);
        Ok(Signed { credentials, moment })
    }
}
