//! How each version of Hydra refuses: bad requests, other methods, paths that are not there.

use super::*;

#[tokio::test]
async fn introspection_refuses_what_is_no_form_post() {
    for (version, allowed) in [
        (HydraVersion::V1_8, "OPTIONS, POST"),
        (HydraVersion::V1_11, "OPTIONS, POST"),
        (HydraVersion::V2, "POST"),
    ] {
        let hydra = hydra(version).await;
        let url = format!("{}/oauth2/introspect", hydra.admin_url());
        for request in [client().get(&url), client().put(&url).body("token=x")] {
            let answer = send(request).await;
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(answer.headers()["allow"], allowed);
            assert_eq!(answer.text().await.expect("text"), "Method Not Allowed\n");
        }
        let cases = [
            (form_request(url.clone(), &[]), 400, json!("invalid_request")),
            (
                client().post(&url).json(&json!({"token": "x"})),
                400,
                json!("invalid_request"),
            ),
            (form_request(url.clone(), &[("token", "unknown")]), 200, Value::Null),
            (form_request(url.clone(), &[("other", "x")]), 200, Value::Null),
        ];
        for (index, (request, status, error)) in cases.into_iter().enumerate() {
            let answer = send(request).await;
            assert_eq!(answer.status().as_u16(), status, "case {index}");
            assert_eq!(answer.headers()["cache-control"], "no-store", "case {index}");
            let reply: Value = answer.json().await.expect("JSON");
            assert_eq!(reply["error"], error, "case {index}");
            assert_eq!(
                reply["active"],
                if status == 200 { json!(false) } else { Value::Null },
                "case {index}"
            );
        }
    }
}

#[tokio::test]
async fn errors_are_written_as_each_version_does() {
    for (version, members) in [
        (HydraVersion::V0_6, &["description", "name", "statusCode"][..]),
        (
            HydraVersion::V0_11,
            &["error", "error_description", "error_hint", "status_code"],
        ),
        (
            HydraVersion::V1_8,
            &[
                "error",
                "error_description",
                "error_hint",
                "error_verbose",
                "status_code",
            ],
        ),
        (HydraVersion::V1_11, &["error", "error_description"]),
        (HydraVersion::V2_3, &["error", "error_description"]),
        (HydraVersion::V2, &["error", "error_description"]),
    ] {
        let hydra = hydra(version).await;
        let reply = json_of(token_request(&hydra, &[GRANT, ("scope", "x")]).basic_auth("web", Some("s3cret"))).await;
        let told: Vec<&str> = reply
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(told, members, "{version:?}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_in_every_versions_own_way() {
    let (text, page) = ("text/plain; charset=utf-8", "text/html; charset=utf-8");
    for (version, public, admin) in [
        (HydraVersion::V0_6, text, text),
        (HydraVersion::V1_8, text, text),
        (HydraVersion::V1_11, page, page),
        (HydraVersion::V2_3, text, page),
        (HydraVersion::V2, page, text),
    ] {
        let hydra = hydra(version).await;
        for (url, media_type) in [(hydra.public_url(), public), (hydra.admin_url(), admin)] {
            let answer = send(client().get(format!("{url}/nowhere"))).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND);
            assert_eq!(answer.headers()["content-type"], media_type, "{version:?} {url}");
        }
        let get = send(client().get(format!("{}/oauth2/token", hydra.public_url()))).await;
        let expected = if version == HydraVersion::V2 { 404 } else { 405 };
        assert_eq!(get.status().as_u16(), expected, "{version:?}");
    }
}
