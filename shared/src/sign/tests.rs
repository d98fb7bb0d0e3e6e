//! The same requests signed here and by the AWS SDK's own crate.

use std::time::{Duration, UNIX_EPOCH};

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SessionTokenMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode,
};
use aws_sigv4::sign::v4::SigningParams;
use proptest::prelude::*;

use super::query::{parse_pairs, write_pairs};
use super::*;

/// What the SDK's crate signs the request with.
fn reference(request: &Unsigned<'_>, credentials: &Credentials, scope: &Scope<'_>, canonical: Canonical) -> String {
    let mut settings = SigningSettings::default();
    if !canonical.encode_path_twice {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
    }
    if !canonical.normalize_path {
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    if canonical.payload_header {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    if !canonical.sign_session_token {
        settings.session_token_mode = SessionTokenMode::Exclude;
    }
    settings.excluded_headers = None;
    let token = credentials.session_token().map(|token| token.reveal().to_owned());
    let secret = credentials.secret_access_key().reveal();
    let identity =
        aws_credential_types::Credentials::new(credentials.access_key_id(), secret, token, None, "test").into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(UNIX_EPOCH + Duration::from_millis(scope.at_ms))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let headers = std::iter::once(("host", request.host)).chain(request.headers.iter().copied());
    let uri = format!("https://{}{}", request.host, request.target);
    let body = if canonical.unsigned_payload {
        SignableBody::UnsignedPayload
    } else {
        SignableBody::Bytes(request.body)
    };
    let signable = SignableRequest::new(request.method, uri, headers, body).unwrap();
    let (instructions, _) = aws_sigv4::http_request::sign(signable, &params).unwrap().into_parts();
    instructions
        .headers()
        .find(|(name, _)| *name == "authorization")
        .map(|(_, value)| value.to_owned())
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_sign_alike(
        method in "(GET|POST|PUT|DELETE)",
        path in "/([a-zA-Z0-9./@(),:;=!$&'*+~_-]|%[0-9A-F]{2}){0,24}",
        query in "([a-zA-Z0-9&=~_.-]|%C3%A9|%2[0-9A-F]){0,24}",
        content_type in "[ -~]{0,20}",
        amz in prop::collection::vec("[ -~]{0,12}", 0..3),
        body in prop::collection::vec(any::<u8>(), 0..32),
        token in prop::option::of("[A-Za-z0-9+/=]{1,20}"),
        at_ms in 0..4_000_000_000_000_u64,
        flags in any::<(bool, bool, bool, bool, bool)>(),
    ) {
        let query = write_pairs(&parse_pairs(&query, true));
        let target = if query.is_empty() { path } else { format!("{path}?{query}") };
        let mut headers = vec![("content-type", content_type.as_str())];
        headers.extend(amz.iter().map(|value| ("x-amz-meta", value.as_str())));
        let request = Unsigned { method: &method, host: "api.example.com:8443", target: &target, headers: &headers, body: &body };
        let secret = Secret::new("wJalrXUtnFEMI/K7MDENG");
        let credentials = Credentials::new(Secret::new("AKIDEXAMPLE"), secret, token.map(Secret::new), None);
        let scope = Scope { region: "eu-west-1", service: "execute-api", at_ms };
        let (encode_path_twice, normalize_path, payload_header, sign_session_token, unsigned_payload) = flags;
        let canonical = Canonical { encode_path_twice, normalize_path, payload_header, unsigned_payload: false, sign_session_token }
            .with_unsigned_payload(unsigned_payload);
        let added = sign(&request, &credentials, &scope, canonical, &SigningKeys::default()).unwrap();
        let ours = added.iter().find(|(name, _)| name == AUTHORIZATION).unwrap().1.to_str().unwrap();
        prop_assert_eq!(ours, reference(&request, &credentials, &scope, canonical));
    }
}
