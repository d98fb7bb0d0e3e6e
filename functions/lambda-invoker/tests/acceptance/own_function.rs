//! Routes that lead back to this very function.

use serde_json::json;

use crate::support::event::get;
use crate::support::function;
use crate::support::upstream::{Upstream, http};

/// The tests' function is `front-door` of account 123456789012 in eu-west-1. What goes in circles without `via` would
/// never be seen.
#[tokio::test]
async fn a_route_to_this_function_itself_goes_in_circles() {
    let own = "arn:aws:lambda:eu-west-1:123456789012:function:front-door";
    for (name, more, status) in [
        ("front-door".to_owned(), json!({}), 508),
        ("front-door:live".to_owned(), json!({}), 508),
        ("function:front-door".to_owned(), json!({}), 508),
        ("123456789012:function:front-door".to_owned(), json!({}), 508),
        (own.to_owned(), json!({}), 508),
        (format!("{own}:7"), json!({}), 508),
        ("front-door-2".to_owned(), json!({}), 200),
        ("front-door".to_owned(), json!({"region": "us-east-1"}), 200),
        ("210987654321:function:front-door".to_owned(), json!({}), 200),
        (own.replace("eu-west-1", "us-east-1"), json!({}), 200),
    ] {
        for format in ["raw", "envelope", "v2"] {
            let upstream = Upstream::sending(http("200 OK", "", b"{\"statusCode\":200}")).await;
            let mut to = json!({"name": name, "endpoint_url": upstream.url(""), "payload_format": format, "reply_format": "raw"});
            for (name, value) in more.as_object().unwrap() {
                to[name.as_str()] = value.clone();
            }
            let function = function(json!([{"uri": "/", "function": to}])).await;
            let answer = function.call(&get("/").url()).await;
            assert_eq!(answer.status, status, "{name} {more} {format}");
            assert_eq!(upstream.calls(), usize::from(status == 200), "{name} {more} {format}");
            if status == 508 {
                assert_eq!(answer.error(), "loop_detected");
            }
        }
    }
}
