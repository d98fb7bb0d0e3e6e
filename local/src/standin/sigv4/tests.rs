//! Every reason for a refusal, and its message.

mod message;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::authorization::Authorization;
use super::{PathRule, Rules, SignedRequest, canonical, payload_hash, signature, string_to_sign, verify};

const NOW: u64 = 1_440_938_160;
const DATE: &str = "20150830T123600Z";
const SCOPE: &str = "20150830/eu-west-1/lambda/aws4_request";

fn rules() -> Rules {
    Rules {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: None,
        session_token_signed: true,
        region: "eu-west-1".to_owned(),
        service: "lambda",
        path: PathRule {
            encode: true,
            normalize: true,
        },
        skew_secs: 300,
    }
}

/// A request that is signed with whatever scope and headers it is given.
struct Draft {
    target: &'static str,
    body: &'static [u8],
    headers: HeaderMap,
    credential: String,
    signed: String,
}

impl Draft {
    fn new() -> Self {
        let mut draft = Self {
            target: "/base/a%20b?b=2&a=1",
            body: b"x",
            headers: HeaderMap::new(),
            credential: format!("AKIDEXAMPLE/{SCOPE}"),
            signed: "host;x-amz-date".to_owned(),
        };
        draft.header("host", "localhost:1").header("x-amz-date", DATE);
        draft
    }

    fn header(&mut self, name: &'static str, value: &'static str) -> &mut Self {
        self.headers
            .append(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    fn request(&self) -> SignedRequest<'_> {
        SignedRequest {
            method: "POST",
            target: self.target,
            headers: &self.headers,
            body: self.body,
        }
    }

    /// Adds the `Authorization` header.
    fn sign(&mut self) -> &mut Self {
        let start = format!(
            "AWS4-HMAC-SHA256 Credential={}, SignedHeaders={}, Signature=",
            self.credential, self.signed
        );
        let mut headers = HeaderMap::new();
        headers.insert(
            "authorization",
            HeaderValue::try_from(format!("{start}0")).expect("ASCII"),
        );
        let authorization = Authorization::read(&headers).expect("complete");
        let payload = payload_hash(self.request()).unwrap_or_default();
        let path = rules().path;
        let made = canonical::request(self.request(), &authorization.signed_headers, path, &payload);
        let text = string_to_sign(DATE, &authorization.scope(), &made);
        let value = format!("{start}{}", signature("secret", &authorization, &text));
        self.headers
            .insert("authorization", HeaderValue::try_from(value).expect("ASCII"));
        self
    }

    fn check(&self) -> Result<(), String> {
        verify(self.request(), &rules(), NOW).map_err(|refusal| refusal.message)
    }

    fn refused_for(&mut self, reason: &str) {
        let message = self.check().expect_err(reason);
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn a_good_signature_is_accepted_within_the_clock_difference() {
    let mut draft = Draft::new();
    draft.sign();
    assert_eq!(draft.check(), Ok(()));
    for (now, good) in [
        (NOW - 300, true),
        (NOW + 300, true),
        (NOW - 301, false),
        (NOW + 301, false),
    ] {
        assert_eq!(verify(draft.request(), &rules(), now).is_ok(), good, "{now}");
    }
    let late = verify(draft.request(), &rules(), NOW + 301).expect_err("late");
    assert_eq!(
        late.message,
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z"
    );
    let early = verify(draft.request(), &rules(), NOW - 301).expect_err("early");
    assert_eq!(
        early.message,
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z"
    );
}

#[test]
fn credentials_must_be_complete() {
    let with = |value: &'static str| {
        let mut draft = Draft::new();
        draft.header("authorization", value);
        draft
    };
    Draft::new().refused_for("Missing Authentication Token");
    with("Bearer x").refused_for("Unsupported AWS 'algorithm'");
    with("AWS4-HMAC-SHA256").refused_for("Unsupported AWS 'algorithm'");
    with("AWS4-HMAC-SHA256 Credential=a").refused_for("exactly 5 slash-delimited elements");
    with("AWS4-HMAC-SHA256 SignedHeaders=host").refused_for("requires 'Credential' parameter");
    with("AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request").refused_for("requires 'SignedHeaders' parameter");
    with("AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request,SignedHeaders=host")
        .refused_for("requires 'Signature'");
    with("AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws3_request,SignedHeaders=host,Signature=0")
        .refused_for("terminator");
    with("AWS4-HMAC-SHA256 Signature=0,Signature=1").refused_for("'Signature' twice");
    with("AWS4-HMAC-SHA256 Extra=0").refused_for("not known");
    let mut twice = Draft::new();
    twice
        .sign()
        .header("authorization", "Bearer x")
        .refused_for("more than one Authorization");
}

#[test]
fn the_date_must_be_there_and_of_the_scopes_day() {
    let mut draft = Draft::new();
    draft.sign().headers.remove("x-amz-date");
    draft.refused_for("'X-Amz-Date'");
    draft
        .header("x-amz-date", "2015-08-30T12:36:00Z")
        .refused_for("'basic format'");
    let mut draft = Draft::new();
    draft.credential = "AKIDEXAMPLE/20150829/eu-west-1/lambda/aws4_request".to_owned();
    draft
        .sign()
        .refused_for("'20150829' != '20150830', from '20150830T123600Z'");
}

#[test]
fn the_scope_must_fit() {
    let cases = [
        (
            "AKIDEXAMPLE/20150830/us-east-1/lambda/aws4_request",
            "valid region: 'eu-west-1', not 'us-east-1'",
        ),
        (
            "AKIDEXAMPLE/20150830/eu-west-1/execute-api/aws4_request",
            "correct service: 'lambda'",
        ),
        (
            "AKIDOTHER/20150830/eu-west-1/lambda/aws4_request",
            "security token included in the request is invalid",
        ),
    ];
    for (credential, reason) in cases {
        let mut draft = Draft::new();
        credential.clone_into(&mut draft.credential);
        draft.sign().refused_for(reason);
    }
}

#[test]
fn the_session_token_must_be_the_right_one_and_signed() {
    let with = |token: Option<&'static str>, signed: &str| {
        let mut draft = Draft::new();
        signed.clone_into(&mut draft.signed);
        token.map(|token| {
            draft
                .headers
                .insert("x-amz-security-token", HeaderValue::from_static(token))
        });
        draft.sign();
        let rules = Rules {
            session_token: Some("token".to_owned()),
            ..rules()
        };
        verify(draft.request(), &rules, NOW).map_err(|refusal| refusal.message)
    };
    assert_eq!(with(Some("token"), "host;x-amz-date;x-amz-security-token"), Ok(()));
    let wrong = with(Some("other"), "host;x-amz-date;x-amz-security-token").expect_err("a wrong token");
    assert!(wrong.contains("security token"), "{wrong}");
    let missing = with(None, "host;x-amz-date").expect_err("no token");
    assert!(missing.contains("security token"), "{missing}");
    let unsigned = with(Some("token"), "host;x-amz-date").expect_err("an unsigned token");
    assert!(unsigned.contains("not signed: x-amz-security-token"), "{unsigned}");
    // Keys that have no token refuse one.
    let mut draft = Draft::new();
    draft.signed = "host;x-amz-date;x-amz-security-token".to_owned();
    draft
        .header("x-amz-security-token", "token")
        .sign()
        .refused_for("security token");
}
