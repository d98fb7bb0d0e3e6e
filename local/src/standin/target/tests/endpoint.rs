//! The key and the answers that the query asks for.

use super::*;

#[tokio::test]
async fn the_key_endpoint_asks_for_its_key() {
    let target = start().await;
    let get = |path: &str| client().get(format!("{}{path}", target.url()));
    for path in ["/key", "/key/", "/key/a%20b?x=1"] {
        let answer = get(path).header("x-api-key", "k3y").send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let echo: Value = answer.json().await.expect("JSON");
        assert_eq!(
            (echo["via"].as_str(), echo["target"].as_str()),
            (Some("api-key"), Some(path))
        );
        assert_eq!(echo["headers"]["x-api-key"], "k3y");
    }
    let twice = get("/key").header("x-api-key", "k3y").header("x-api-key", "k3y");
    for request in [
        get("/key"),
        get("/key").header("x-api-key", "other"),
        get("/key").header("x-api-key", ""),
        twice,
    ] {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        assert_eq!(
            answer.json::<Value>().await.expect("JSON"),
            json!({"message": "Forbidden"})
        );
    }
    // Not below /key: there the signature counts, and the key does not help.
    let elsewhere = get("/keys").header("x-api-key", "k3y").send().await.expect("an answer");
    assert_eq!(
        elsewhere.headers()["x-amzn-errortype"],
        "MissingAuthenticationTokenException"
    );
}

#[tokio::test]
async fn the_query_asks_for_other_answers() {
    let target = start().await;
    let get = async |query: &str| {
        let request = client()
            .get(format!("{}/key?{query}", target.url()))
            .header("x-api-key", "k3y");
        request.send().await.expect("an answer")
    };
    for status in [200, 302, 404, 500, 503] {
        let answer = get(&format!("status={status}")).await;
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.json::<Value>().await.expect("JSON")["method"], "GET");
    }
    let empty = get("status=204").await;
    assert_eq!(
        (empty.status().as_u16(), empty.headers().get("content-type")),
        (204, None)
    );
    assert_eq!(empty.bytes().await.expect("a body").len(), 0);
    let bytes = get("bytes=300&status=201").await;
    assert_eq!(bytes.status(), StatusCode::CREATED);
    assert_eq!(bytes.headers()["content-type"], "application/octet-stream");
    let bytes = bytes.bytes().await.expect("a body");
    assert_eq!(
        (bytes.len(), &bytes[..3], bytes[255], bytes[256]),
        (300, &[255, 254, 253][..], 0, 255)
    );
    let cookies = get("cookies=2").await;
    let cookies: Vec<_> = cookies
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|value| value.to_str().expect("ASCII"))
        .collect();
    assert_eq!(
        cookies,
        ["cookie1=value1; Path=/; HttpOnly", "cookie2=value2; Path=/; HttpOnly"]
    );
    for query in ["status=99", "status=x", "bytes=-1", "bytes=99999999999", "cookies=51"] {
        assert_eq!(get(query).await.status(), StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn faults_come_before_the_signature() {
    let target = start().await;
    target.fault(Fault {
        path: Some("/base".to_owned()),
        ..Fault::status(502)
    });
    let unsigned = client()
        .get(format!("{}/base", target.url()))
        .send()
        .await
        .expect("an answer");
    assert_eq!(unsigned.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(target.calls().len(), 1);
    target.clear_calls();
    assert!(target.calls().is_empty());
}
