//! Files: the three steps of an external upload (<https://docs.slack.dev/messaging/working-with-files>), and the files
//! that were shared. What is not completed is seen by nobody.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, HOST, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::super::wire::{empty_answer, random_text, typed_answer};
use super::arguments::{Arguments, Code};
use super::state::Envelope;
use super::workspace::Workspace;

/// How many bytes of files are kept; older ones go first.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// How many files are kept, uploaded or not.
const MAX_FILES: usize = 1_000;

/// A file of a message.
#[derive(Clone, Debug, Serialize)]
pub struct SlackFile {
    /// `F` and digits.
    pub id: String,
    /// The name that it was uploaded under.
    pub name: String,
    /// The title that it was shared under; the name when it was given none.
    pub title: String,
    /// The media type, guessed by the name's end: `image/png`, `text/plain` and the like, else
    /// `application/octet-stream`.
    pub mimetype: String,
    /// Bytes.
    pub size: usize,
    /// Where its content is, below the stand-in's base URL: `/_files/F...`.
    pub url_private: String,
}

/// A file on its way.
#[derive(Clone)]
struct Upload {
    file: SlackFile,
    /// The last segment of its upload URL.
    key: String,
    content: Option<Bytes>,
    is_complete: bool,
}

/// All files, the oldest first.
#[derive(Default)]
pub(super) struct Files {
    uploads: VecDeque<Upload>,
    given: u64,
}

impl Files {
    /// A ticket for a file of so many bytes: its id, and the key of its upload URL.
    fn begin(&mut self, name: &str, size: usize) -> Result<(String, String), Code> {
        self.given += 1;
        let id = format!("F{:08}", self.given);
        let key = random_text(24).map_err(|_| "fatal_error")?;
        let file = SlackFile {
            id: id.clone(),
            name: name.to_owned(),
            title: name.to_owned(),
            mimetype: media_type(name).to_owned(),
            size,
            url_private: format!("/_files/{id}"),
        };
        self.uploads.push_back(Upload {
            file,
            key: key.clone(),
            content: None,
            is_complete: false,
        });
        self.trim();
        Ok((id, key))
    }

    /// Takes the content of the file with this key: all of it, once.
    fn take(&mut self, key: &str, content: Bytes) -> StatusCode {
        let found = self.uploads.iter_mut().find(|upload| upload.key == key);
        let Some(upload) = found.filter(|upload| upload.content.is_none()) else {
            return StatusCode::NOT_FOUND;
        };
        if content.len() != upload.file.size {
            return StatusCode::BAD_REQUEST;
        }
        upload.content = Some(content);
        self.trim();
        StatusCode::OK
    }

    /// The files of these ids under their titles, if all of them were uploaded and none was completed before.
    pub(super) fn ready(&self, wanted: &[(String, Option<String>)]) -> Result<Vec<SlackFile>, Code> {
        let one = |(id, title): &(String, Option<String>)| {
            let upload = self.uploads.iter().find(|upload| upload.file.id == *id)?;
            let mut file = upload.file.clone();
            if let Some(title) = title {
                file.title.clone_from(title);
            }
            (upload.content.is_some() && !upload.is_complete).then_some(file)
        };
        wanted.iter().map(|file| one(file).ok_or("file_not_found")).collect()
    }

    /// From now on they can be read, and not be completed again.
    pub(super) fn complete(&mut self, files: &[SlackFile]) {
        for upload in &mut self.uploads {
            upload.is_complete |= files.iter().any(|file| file.id == upload.file.id);
        }
    }

    fn trim(&mut self) {
        let size = |upload: &Upload| upload.content.as_ref().map_or(0, Bytes::len);
        let mut held: usize = self.uploads.iter().map(size).sum();
        while self.uploads.len() > 1 && (self.uploads.len() > MAX_FILES || held > MAX_BYTES) {
            held -= self.uploads.front().map_or(0, size);
            self.uploads.pop_front();
        }
    }
}

/// `files.getUploadURLExternal`; the URL is at the host that the call went to.
pub(super) fn begin(workspace: &Workspace, arguments: &Arguments, headers: &HeaderMap) -> Result<Value, Code> {
    let name = arguments.text("filename").ok_or("missing_argument")?;
    let length = arguments.text("length").ok_or("missing_argument")?;
    let length: usize = length.parse().map_err(|_| "invalid_arguments")?;
    if length == 0 {
        return Err("missing_argument");
    }
    if arguments
        .text("alt_txt")
        .is_some_and(|text| text.chars().count() > 1000)
    {
        return Err("alt_txt_too_large");
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let (id, key) = workspace.files(|files| files.begin(&name, length))?;
    let url = format!("http://{}/upload/v1/{key}", host.unwrap_or("localhost"));
    Ok(json!({"ok": true, "upload_url": url, "file_id": id}))
}

/// `POST /upload/v1/{key}`: the content as it is. Nobody asks for a token there; one that comes all the same is a leak.
pub(super) async fn upload(
    State(workspace): State<Arc<Workspace>>,
    Path(key): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    if method != Method::POST || headers.contains_key(http::header::AUTHORIZATION) {
        return empty_answer(StatusCode::BAD_REQUEST);
    }
    let length = body.len();
    match workspace.files(|files| files.take(&key, body)) {
        StatusCode::OK => typed_answer(StatusCode::OK, "text/plain", format!("OK - {length}")),
        status => empty_answer(status),
    }
}

/// `files.completeUploadExternal`: shares files that were uploaded, as one message. The app must be in the channel.
pub(super) fn complete(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Code> {
    let text_of = |file: &Value, name: &str| file.get(name).and_then(Value::as_str).map(str::to_owned);
    let wanted = arguments.list("files", "invalid_arguments")?;
    let wanted: Option<Vec<_>> = wanted
        .iter()
        .map(|file| Some((text_of(file, "id")?, text_of(file, "title"))))
        .collect();
    let wanted = wanted.filter(|wanted| !wanted.is_empty()).ok_or("invalid_arguments")?;
    let envelope = arguments.text("channel_id").map(|channel| Envelope {
        channel,
        username: arguments.text("username"),
        icon: arguments.text("icon_emoji").or_else(|| arguments.text("icon_url")),
        thread_ts: arguments.text("thread_ts"),
        client_msg_id: None,
        by_webhook: false,
    });
    let comment = arguments.text("initial_comment").unwrap_or_default();
    let files = workspace.complete(&wanted, envelope, comment)?;
    let told: Vec<Value> = files
        .iter()
        .map(|file| json!({"id": file.id, "title": file.title}))
        .collect();
    Ok(json!({"ok": true, "files": told}))
}

/// `GET /_files/{id}`: the content of a file that was completed. Whatever it is, no browser runs it.
pub(super) async fn content(State(workspace): State<Arc<Workspace>>, Path(id): Path<String>) -> Response<Body> {
    let found = workspace.files(|files| {
        let mut uploads = files.uploads.iter();
        let upload = uploads.find(|upload| upload.file.id == id && upload.is_complete)?;
        Some((media_type(&upload.file.name), upload.content.clone()?))
    });
    let Some((kind, content)) = found else {
        return empty_answer(StatusCode::NOT_FOUND);
    };
    let mut response = typed_answer(StatusCode::OK, kind, content);
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    if !kind.starts_with("image/") {
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    }
    response
}

/// The media type that a file's name stands for.
fn media_type(name: &str) -> &'static str {
    let known: BTreeMap<&str, &str> = BTreeMap::from([
        ("csv", "text/plain"),
        ("gif", "image/gif"),
        ("jpeg", "image/jpeg"),
        ("jpg", "image/jpeg"),
        ("json", "text/plain"),
        ("log", "text/plain"),
        ("md", "text/plain"),
        ("pdf", "application/pdf"),
        ("png", "image/png"),
        ("txt", "text/plain"),
        ("webp", "image/webp"),
        ("zip", "application/zip"),
    ]);
    let end = name.rsplit_once('.').map_or("", |(_, end)| end).to_ascii_lowercase();
    known.get(end.as_str()).copied().unwrap_or("application/octet-stream")
}
