//! The Web API's methods. Errors are answered with status 200 and `ok: false`, as Slack does.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::super::wire::json_answer;
use super::arguments::{Arguments, Code};
use super::channel::Channel;
use super::files;
use super::message;
use super::state::Envelope;
use super::workspace::Workspace;

/// A topic's greatest length in characters.
const MAX_TOPIC: usize = 250;

pub(super) async fn answer(
    State(workspace): State<Arc<Workspace>>,
    Path(name): Path<String>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let arguments = Arguments::read(&method, &query.unwrap_or_default(), &headers, &body);
    let missing_charset = arguments.as_ref().is_ok_and(|arguments| arguments.missing_charset);
    let mut reply = match arguments.and_then(|arguments| call(&workspace, &name, &arguments, &headers)) {
        Ok(reply) => reply,
        Err(code) => json!({"ok": false, "error": code}),
    };
    if reply.get("error").is_some_and(|code| code == "ratelimited") {
        let mut response = json_answer(StatusCode::TOO_MANY_REQUESTS, &reply);
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("1"));
        return response;
    }
    if let (true, Some(members)) = (missing_charset, reply.as_object_mut()) {
        members.insert("warning".to_owned(), json!("missing_charset"));
        let metadata = members.entry("response_metadata").or_insert_with(|| json!({}));
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("warnings".to_owned(), json!(["missing_charset"]));
        }
    }
    json_answer(StatusCode::OK, &reply)
}

type Answering = fn(&Workspace, &Arguments) -> Result<Value, Code>;

fn call(workspace: &Workspace, name: &str, arguments: &Arguments, headers: &HeaderMap) -> Result<Value, Code> {
    let method: Answering = match name {
        "auth.test" => auth_test,
        "chat.postMessage" => post_message,
        "conversations.join" => join,
        "conversations.list" => list,
        "conversations.open" => open,
        "conversations.setTopic" => set_topic,
        "files.completeUploadExternal" => files::complete,
        // It hands out a URL at the host that it was asked at.
        "files.getUploadURLExternal" => {
            admit(workspace, name, arguments)?;
            return files::begin(workspace, arguments, headers);
        }
        "users.lookupByEmail" => lookup_by_email,
        _ => return Err("unknown_method"),
    };
    admit(workspace, name, arguments)?;
    method(workspace, arguments)
}

/// Checks the token, and counts the call.
fn admit(workspace: &Workspace, name: &str, arguments: &Arguments) -> Result<(), Code> {
    match arguments.token() {
        None => Err("not_authed"),
        Some(token) if !workspace.knows_token(token) => Err("invalid_auth"),
        Some(_) if name != "chat.postMessage" && !workspace.takes_call(name) => Err("ratelimited"),
        Some(_) => Ok(()),
    }
}

fn auth_test(_: &Workspace, _: &Arguments) -> Result<Value, Code> {
    Ok(json!({
        "ok": true,
        "url": "https://local.slack.com/",
        "team": "local",
        "team_id": "T00000001",
        "user": "local_app",
        "user_id": "U00000001",
        "bot_id": "B00000001",
    }))
}

fn post_message(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Code> {
    let channel = arguments.text("channel").ok_or("channel_not_found")?;
    let content = message::content(arguments)?;
    // A thread that does not exist is taken: Slack answers ok and shows the message nowhere.
    let thread_ts = arguments.text("thread_ts");
    if thread_ts.as_deref().is_some_and(|thread_ts| !is_timestamp(thread_ts)) {
        return Err("invalid_thread_ts");
    }
    let envelope = Envelope {
        channel,
        username: arguments.text("username"),
        icon: arguments.text("icon_emoji").or_else(|| arguments.text("icon_url")),
        thread_ts,
        client_msg_id: arguments.text("client_msg_id"),
        by_webhook: false,
    };
    let message = workspace.post(envelope, content)?;
    Ok(json!({"ok": true, "channel": message.channel, "ts": message.ts, "message": message.answered()}))
}

/// Seconds, a point and a fraction.
fn is_timestamp(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.')
        .is_some_and(|(seconds, fraction)| digits(seconds) && digits(fraction))
}

fn list(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Code> {
    let limit = match arguments.text("limit") {
        None => 100,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=1000).contains(limit))
            .ok_or("invalid_limit")?,
    };
    // The cursor is the number of channels that went before.
    let start: usize = match arguments.text("cursor") {
        None => 0,
        Some(text) => text.parse().map_err(|_| "invalid_cursor")?,
    };
    let types = arguments.text("types").unwrap_or_else(|| "public_channel".to_owned());
    let types: Vec<&str> = types.split(',').map(str::trim).collect();
    let known = ["public_channel", "private_channel", "mpim", "im"];
    if types.iter().any(|kind| !known.contains(kind)) {
        return Err("invalid_types");
    }
    let no_archived = arguments.flag("exclude_archived");
    let wanted = |channel: &Channel| {
        let kind = if channel.is_private {
            "private_channel"
        } else {
            "public_channel"
        };
        channel.is_seen() && types.contains(&kind) && !(no_archived && channel.is_archived)
    };
    let channels: Vec<Channel> = workspace.channels().into_iter().filter(wanted).collect();
    let page: Vec<Value> = channels.iter().skip(start).take(limit).map(told).collect();
    let next = start.saturating_add(page.len());
    let cursor = if next < channels.len() {
        next.to_string()
    } else {
        String::new()
    };
    Ok(json!({"ok": true, "channels": page, "response_metadata": {"next_cursor": cursor}}))
}

fn told(channel: &Channel) -> Value {
    json!({
        "id": channel.id,
        "name": channel.name,
        "is_channel": true,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_member": channel.is_member,
        "topic": {"value": channel.topic},
    })
}

fn join(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Code> {
    let channel = arguments.text("channel").ok_or("channel_not_found")?;
    Ok(json!({"ok": true, "channel": told(&workspace.join(&channel)?)}))
}

fn open(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Code> {
    let users = arguments.text("users").ok_or("users_list_not_supplied")?;
    let user = users.split(',').next().unwrap_or_default().trim();
    let id = workspace.open_direct(user).ok_or("user_not_found")?;
    let channel = match arguments.flag("return_im") {
        true => json!({"id": id, "is_im": true, "user": user}),
        false => json!({"id": id}),
    };
    Ok(json!({"ok": true, "channel": channel}))
}

fn set_topic(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Code> {
    let channel = arguments.text("channel").ok_or("channel_not_found")?;
    let topic = arguments.text("topic").unwrap_or_default();
    if topic.chars().count() > MAX_TOPIC {
        return Err("too_long");
    }
    workspace.set_topic(&channel, &topic)?;
    Ok(json!({"ok": true, "channel": {"id": channel, "topic": {"value": topic}}}))
}

fn lookup_by_email(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Code> {
    let email = arguments.text("email").unwrap_or_default();
    let user = workspace.user_by_email(&email).ok_or("users_not_found")?;
    let profile = json!({"display_name": user.name, "email": user.email});
    Ok(json!({"ok": true, "user": {"id": user.id, "name": user.name, "deleted": false, "profile": profile}}))
}
