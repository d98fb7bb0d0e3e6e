//! Headers that CloudFront writes, on both sides of this function.

use serde_json::{Value, json};

use crate::support::event::get;
use crate::support::function;
use crate::support::oracle::verify;
use crate::support::upstream::Upstream;
use crate::support::{ACCESS_KEY, SECRET_KEY};

/// A target behind CloudFront sees its id of the request, not the one that was there before: a signature over it breaks.
#[tokio::test]
async fn what_cloudfront_writes_anew_is_not_signed() {
    let upstream = Upstream::fine().await;
    let iam = json!({"iam": {"service": "lambda"}});
    let to = json!({"name": "hello", "endpoint_url": upstream.url(""), "reply_format": "raw"});
    let function = function(json!([
        {"uri": "/signed", "function_uri": upstream.url("/"), "authorization": iam},
        {"uri": "/plain", "function_uri": upstream.url("/")},
        {"uri": "/function", "function": to, "authorization": {"iam": {}}},
    ]))
    .await;
    let request = |path: &str| {
        let request = get(path).header("X-Amz-Cf-Id", "one").header("X-Amz-Cf-Pop", "FRA1");
        request.header("X-Amz-Meta-A", "kept")
    };
    assert_eq!(function.call(&request("/signed").url()).await.status, 200);
    let seen = upstream.last();
    assert_eq!((seen.header("x-amz-cf-id"), seen.header("x-amz-cf-pop")), (None, None));
    assert_eq!(seen.header("x-amz-meta-a"), Some("kept"));
    verify(&seen, ACCESS_KEY, SECRET_KEY, None).unwrap();
    assert_eq!(function.call(&request("/plain").url()).await.status, 200);
    assert_eq!(upstream.last().header("x-amz-cf-id"), Some("one"));
    // What a function is given is no header of a signed request.
    function.call(&request("/function").url()).await;
    let event: Value = serde_json::from_slice(&upstream.last().body).unwrap();
    assert_eq!(event["headers"]["x-amz-cf-id"], "one");
}
