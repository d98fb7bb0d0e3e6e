//! HipChat's own PHP library, byte for byte as curl writes its calls: it hands curl a list of fields, so each is a part of a
//! form, the token too, and a body of more than a kilobyte waits for `100 Continue`.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::stage::Stage;

const BOUNDARY: &str = "------------------------55be27f62064bcf4";

#[tokio::test(flavor = "multi_thread")]
async fn a_form_in_parts_is_sent_behind_a_hundred_continue() {
    let stage = Stage::start().await;
    let token = stage.token();
    let long = "<b>Build</b> &amp; ".repeat(100);
    let fields = [
        ("room_id", "Dev Ops"),
        ("from", "My App"),
        ("message", long.as_str()),
        ("notify", "0"),
        ("color", "red"),
        ("message_format", "html"),
        ("format", "json"),
        ("auth_token", token.as_str()),
    ];
    let part = |(name, value): (&str, &str)| {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = fields.map(part).concat() + &format!("--{BOUNDARY}--\r\n");
    let head = format!(
        "POST /v1/rooms/message HTTP/1.1\r\nHost: api.hipchat.com\r\nAccept: */*\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    let address = stage.suite.addresses().hipchat_alb.replace("http://", "");
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(head.as_bytes()).await.unwrap();
    assert!(answer(&mut connection, "\r\n\r\n").await.starts_with("HTTP/1.1 100 "));
    connection.write_all(body.as_bytes()).await.unwrap();
    let told = answer(&mut connection, "}").await;
    assert!(
        told.starts_with("HTTP/1.1 200 ") && told.ends_with(r#"{"status":"sent"}"#),
        "{told}"
    );
    let posts = stage.posts();
    assert_eq!((posts.len(), &posts[0]["channel"]), (1, &json!("C100")));
    let text = posts[0]["attachments"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("*My App*\n*Build* &amp; *Build*"), "{text}");
}

/// What comes, up to an end.
async fn answer(connection: &mut TcpStream, end: &str) -> String {
    let mut told = Vec::new();
    while !told.ends_with(end.as_bytes()) {
        assert!(connection.read_buf(&mut told).await.unwrap() > 0, "it ends in {told:?}");
    }
    String::from_utf8(told).unwrap()
}
