//! Tests of the stand-in for Keto, over HTTP: the questions that 26.2.0 was asked, and its answers.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::super::tests::{client, listener};
use super::Keto;
use crate::standin::Fault;

const CHECK: &str = "/relation-tuples/check";

async fn keto() -> Keto {
    let keto = Keto::start(listener().await, listener().await, &["api"]).expect("it starts");
    keto.permit("api", "resources:orders:42", "read", "alice");
    keto
}

async fn answered(request: reqwest::RequestBuilder) -> (StatusCode, String) {
    let response = request.send().await.expect("an answer");
    (response.status(), response.text().await.expect("a text"))
}

async fn post(keto: &Keto, path: &str, body: &str) -> (u16, String) {
    let (status, text) = answered(
        client()
            .post(format!("{}{path}", keto.read_url()))
            .body(body.to_owned()),
    )
    .await;
    (status.as_u16(), text)
}

async fn get(keto: &Keto, target: &str) -> (u16, String) {
    let (status, text) = answered(client().get(format!("{}{target}", keto.read_url()))).await;
    (status.as_u16(), text)
}

fn message(text: &str) -> String {
    let error: Value = serde_json::from_str(text).expect("JSON");
    error["error"]["message"].as_str().expect("a message").to_owned()
}

const YES: &str = "{\"allowed\":true}\n";
const NO: &str = "{\"allowed\":false}\n";

#[tokio::test]
async fn checks_of_a_body() {
    let keto = keto().await;
    let asked = |object: &str, relation: &str| {
        json!({"namespace": "api", "object": object, "relation": relation, "subject_id": "alice"}).to_string()
    };
    for (body, allowed) in [
        (asked("resources:orders:42", "read"), true),
        (asked("resources:orders:42", "write"), false),
        (asked("resources:orders:43", "read"), false),
        (asked("", "read"), false),
        (asked("resources:orders:42", "read") + " and more", true),
        (asked("resources:orders:42", "read").replace("object", "OBJECT"), true),
        (
            asked("resources:orders:42", "read").replace("\"api\"", "\"nope\""),
            false,
        ),
        ("{}".to_owned(), false),
        ("null".to_owned(), false),
    ] {
        let (status, text) = (if allowed { 200 } else { 403 }, if allowed { YES } else { NO });
        assert_eq!(post(&keto, CHECK, &body).await, (status, text.to_owned()), "{body}");
        let openapi = format!("{CHECK}/openapi");
        assert_eq!(post(&keto, &openapi, &body).await, (200, text.to_owned()), "{body}");
    }
    assert_eq!(keto.calls().len(), 18);
}

#[tokio::test]
async fn checks_of_a_query() {
    let keto = keto().await;
    let good = "namespace=api&object=resources:orders:42&relation=read&subject_id=alice";
    for (query, expected) in [
        (good.to_owned(), (200, YES)),
        (good.replace(':', "%3A"), (200, YES)),
        (format!("{good}&max-depth=-3"), (200, YES)),
        (good.replace("alice", "bob"), (403, NO)),
        (good.replace("=api", "=nope"), (403, NO)),
    ] {
        let (status, text) = expected;
        let got = get(&keto, &format!("{CHECK}?{query}")).await;
        assert_eq!(got, (status, text.to_owned()), "{query}");
    }
    for (query, expected) in [
        (String::new(), "subject is not allowed to be nil"),
        (
            "namespace=api&subject_id=a".to_owned(),
            "incomplete tuple, provide \"namespace\", \"object\", \"relation\", and a subject",
        ),
        (
            format!("{good}&subject_set.namespace=x"),
            "exactly one of subject_set or subject_id has to be provided",
        ),
        (
            "namespace=api&object=o&relation=r&subject_set.namespace=x".to_owned(),
            "incomplete subject, provide \"subject_id\" or a complete \"subject_set.*\"",
        ),
        (
            "namespace=api&object=o&relation=r&subject=x".to_owned(),
            "The request was malformed or contained invalid parameters",
        ),
    ] {
        let (status, text) = get(&keto, &format!("{CHECK}?{query}")).await;
        assert_eq!((status, message(&text).as_str()), (400, expected), "{query}");
    }
    for (depth, what) in [
        ("x", "invalid syntax"),
        ("", "invalid syntax"),
        ("9999999999999999999999", "value out of range"),
    ] {
        let (status, text) = get(&keto, &format!("{CHECK}?{good}&max-depth={depth}")).await;
        let expected = format!(
            "unable to parse 'max-depth' query parameter to int: strconv.ParseInt: parsing \"{depth}\": {what}"
        );
        assert_eq!((status, message(&text)), (400, expected));
    }
}

#[tokio::test]
async fn bodies_that_are_no_question() {
    let keto = keto().await;
    let put = format!("{}/admin/relation-tuples", keto.write_url());
    for (body, what) in [
        ("", "EOF"),
        ("{\"namespace\"", "unexpected EOF"),
        (
            "[]",
            "json: cannot unmarshal array into Go value of type ketoapi.RelationTuple",
        ),
        (
            "{\"namespace\":1}",
            "json: cannot unmarshal number into Go struct field RelationTuple.namespace of type string",
        ),
        (
            "{\"subject_set\":1}",
            "json: cannot unmarshal number into Go struct field RelationTuple.subject_set of type ketoapi.SubjectSet",
        ),
        (
            "{\"subject_set\":{\"relation\":[]}}",
            "json: cannot unmarshal array into Go struct field SubjectSet.subject_set.relation of type string",
        ),
    ] {
        let expected =
            |what: &str| format!("{{\"error\":{{\"code\":400,\"status\":\"Bad Request\",\"message\":\"{what}\"}}}}\n");
        let checked = post(&keto, CHECK, body).await;
        assert_eq!(checked, (400, expected(&format!("could not unmarshal json: {what}"))));
        let (_, text) = answered(client().put(&put).body(body)).await;
        assert_eq!(text, expected(what));
    }
    assert_eq!(post(&keto, CHECK, "x").await.0, 400);
    let nobody = r#"{"namespace":"api","object":"o","relation":"read","subject_id":null}"#;
    let (status, text) = post(&keto, CHECK, nobody).await;
    assert_eq!(
        (status, message(&text).as_str()),
        (400, "subject is not allowed to be nil")
    );
}

#[tokio::test]
async fn tuples_come_and_go_on_the_write_port() {
    let keto = keto().await;
    let url = format!("{}/admin/relation-tuples", keto.write_url());
    let put = |tuple: Value| client().put(&url).body(tuple.to_string()).send();
    let group = json!({"namespace": "api", "object": "o", "relation": "read",
        "subject_set": {"namespace": "api", "object": "dev", "relation": "member"}});
    let response = put(group.clone()).await.expect("an answer");
    assert_eq!(response.status(), 201);
    assert_eq!(
        response.headers()["location"],
        "/relation-tuples?namespace=api&object=o&relation=read&subject_set.namespace=api&subject_set.object=dev\
         &subject_set.relation=member"
    );
    assert_eq!(response.json::<Value>().await.expect("JSON"), group);
    let bob = json!({"namespace": "api", "object": "dev", "relation": "member", "subject_id": "bob"});
    assert_eq!(put(bob).await.expect("an answer").status(), 201);
    let odd = json!({"namespace": "api", "object": "a&<b>", "relation": "read", "subject_id": "bob"});
    let text = put(odd).await.expect("an answer").text().await.expect("a text");
    assert!(text.contains(r#""object":"a\u0026\u003cb\u003e""#), "{text}");
    let asked = r#"{"namespace":"api","object":"o","relation":"read","subject_id":"bob"}"#;
    assert_eq!(post(&keto, CHECK, asked).await.0, 200);
    let delete = |query: &str| client().delete(format!("{url}?{query}")).send();
    let gone = delete("namespace=api&object=dev&relation=member&subject_id=bob").await;
    assert_eq!(gone.expect("an answer").status(), 204);
    assert_eq!(post(&keto, CHECK, asked).await.0, 403);
    for (query, status) in [("", 400), ("namespace=nope", 404)] {
        assert_eq!(delete(query).await.expect("an answer").status(), status, "{query}");
    }
    for (tuple, status) in [
        (
            json!({"namespace": "nope", "object": "o", "relation": "read", "subject_id": "a"}),
            404,
        ),
        (json!({"namespace": "api", "object": "o", "relation": "read"}), 400),
        (json!({}), 400),
    ] {
        assert_eq!(put(tuple.clone()).await.expect("an answer").status(), status, "{tuple}");
    }
    keto.clear();
    let asked = r#"{"namespace":"api","object":"resources:orders:42","relation":"read","subject_id":"alice"}"#;
    assert_eq!(post(&keto, CHECK, asked).await.0, 403);
}

#[tokio::test]
async fn each_port_has_its_own() {
    let keto = keto().await;
    let statuses = [
        (client().put(format!("{}{CHECK}", keto.read_url())), 405),
        (client().get(format!("{}/nope", keto.read_url())), 404),
        (client().put(format!("{}/admin/relation-tuples", keto.read_url())), 404),
        (client().post(format!("{}{CHECK}", keto.write_url())), 404),
        (
            client().post(format!("{}/admin/relation-tuples", keto.write_url())),
            405,
        ),
        (client().get(format!("{}/health/ready", keto.read_url())), 200),
        (client().get(format!("{}/health/alive", keto.write_url())), 200),
        (client().get(format!("{}/version", keto.read_url())), 200),
        (client().post(format!("{}/health/alive", keto.write_url())), 405),
    ];
    for (request, status) in statuses {
        let (answered, text) = answered(request).await;
        assert_eq!(answered, status, "{text}");
    }
    keto.read().fault(Fault::status(503));
    assert_eq!(post(&keto, CHECK, "{}").await.0, 503);
    assert_eq!(post(&keto, CHECK, "{}").await.0, 403);
}
