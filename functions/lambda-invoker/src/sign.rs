//! AWS Signature Version 4 in the `authorization` header
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).
//!
//! The caller hands over exactly what goes over the wire, and says which headers count: nothing is re-encoded and no
//! header is signed that a hop may change.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SessionTokenMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode,
};
use aws_sigv4::sign::v4::SigningParams;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

/// How a service wants its canonical request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Canonical {
    /// The path, already encoded on the wire, is percent-encoded once more.
    pub encode_path_twice: bool,
    /// Dot segments and repeated slashes are resolved before the path is signed.
    pub normalize_path: bool,
    /// The payload's hash is sent and signed as `x-amz-content-sha256`.
    pub payload_header: bool,
    /// The session token is part of what is signed.
    pub sign_session_token: bool,
}

impl Canonical {
    /// What a service expects: S3 takes paths as they are and wants the payload's hash, every other service the
    /// opposite.
    pub fn of_service(service: &str) -> Self {
        let s3 = matches!(service, "s3" | "s3-object-lambda" | "s3-outposts" | "s3express");
        Self {
            encode_path_twice: !s3,
            normalize_path: !s3,
            payload_header: s3,
            sign_session_token: true,
        }
    }
}

/// What is signed for: credential scope and moment.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Region, such as `eu-west-1`.
    pub region: &'a str,
    /// Service, such as `lambda` or `execute-api`.
    pub service: &'a str,
    /// When; its day is part of the scope.
    pub at: SystemTime,
}

/// A request as it goes over the wire.
#[derive(Debug, Clone, Copy)]
pub struct Unsigned<'a> {
    /// Method.
    pub method: &'a str,
    /// The `host` header's value.
    pub host: &'a str,
    /// Path and query of the request line.
    pub target: &'a str,
    /// The headers that are signed beside `host`, repeats one by one.
    pub headers: &'a [(&'a str, &'a str)],
    /// Body.
    pub body: &'a [u8],
}

/// Why a request could not be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignError;

/// Signs a request: the headers to add, `authorization` among them.
///
/// # Errors
/// [`SignError`] when the request line or a header is malformed.
pub fn sign(
    request: &Unsigned<'_>,
    credentials: &Credentials,
    scope: &Scope<'_>,
    canonical: Canonical,
) -> Result<Vec<(HeaderName, HeaderValue)>, SignError> {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = if canonical.encode_path_twice {
        PercentEncodingMode::Double
    } else {
        PercentEncodingMode::Single
    };
    settings.uri_path_normalization_mode = if canonical.normalize_path {
        UriPathNormalizationMode::Enabled
    } else {
        UriPathNormalizationMode::Disabled
    };
    settings.payload_checksum_kind = if canonical.payload_header {
        PayloadChecksumKind::XAmzSha256
    } else {
        PayloadChecksumKind::NoHeader
    };
    settings.session_token_mode = if canonical.sign_session_token {
        SessionTokenMode::Include
    } else {
        SessionTokenMode::Exclude
    };
    // The caller's list is the list.
    settings.excluded_headers = None;
    let identity = credentials.clone().into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(scope.at)
        .settings(settings)
        .build()
        .map_err(|_| SignError)?
        .into();
    // The host is always among the headers: without it a malformed one would be derived from the URI.
    let headers = std::iter::once(("host", request.host)).chain(request.headers.iter().copied());
    let signable = SignableRequest::new(
        request.method,
        format!("https://{}{}", request.host, request.target),
        headers,
        SignableBody::Bytes(request.body),
    )
    .map_err(|_| SignError)?;
    let (instructions, _) = aws_sigv4::http_request::sign(signable, &params)
        .map_err(|_| SignError)?
        .into_parts();
    let (added, _) = instructions.into_parts();
    added
        .iter()
        .map(|header| {
            let mut value = HeaderValue::from_str(header.value()).map_err(|_| SignError)?;
            value.set_sensitive(true);
            Ok((HeaderName::from_static(header.name()), value))
        })
        .collect()
}

/// The headers of a request that are signed: `content-type` and every `x-amz-…`. Anything else may be changed on the
/// way. A `content-type` whose canonical form is read in two ways (tabs, characters outside ASCII) is left unsigned.
///
/// # Errors
/// [`SignError`] when an `x-amz-…` header has such a value: it would have to be signed.
pub fn signed_headers(headers: &HeaderMap) -> Result<Vec<(&str, &str)>, SignError> {
    let mut signed = Vec::with_capacity(2);
    for name in headers.keys() {
        let required = name.as_str().starts_with("x-amz-");
        if !required && name != CONTENT_TYPE {
            continue;
        }
        // Repeats are signed as one: either all of them or none.
        let values: Option<Vec<&str>> = headers.get_all(name).iter().map(plain).collect();
        match values {
            Some(values) => signed.extend(values.into_iter().map(|value| (name.as_str(), value))),
            None if required => return Err(SignError),
            None => {}
        }
    }
    Ok(signed)
}

fn plain(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok().filter(|text| !text.contains('\t'))
}
