//! A function's reply that comes bit by bit: `InvokeWithResponseStream`
//! (<https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html>).

mod events;
mod frame;
mod prelude;
#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use serde_json::json;
use shared::http::outbound::Arriving;

use super::{refusal, reply};
use crate::account::Account;
use crate::error::Failure;
use crate::response;
use crate::routes::{FunctionErrors, ReplyFormat};
use crate::target::{Answered, Rest};
use events::{Event, Events};
use prelude::{Found, Looking};

/// What the service's own answer is made of, whatever the function says of its reply.
const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";

const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Of a reply whose body goes nowhere so many bytes are read for its end, which may be an error, ...
const MOST_THROWN_AWAY: usize = 1024 * 1024;

/// ... and for its end it is waited for so long: a stream may have none.
const PATIENCE: Duration = Duration::from_millis(250);

/// After the last event the service ends its answer at once.
const LAST_BYTES: Duration = Duration::from_millis(20);

/// The payload of a reply while it comes.
#[derive(Debug)]
pub struct Payload {
    arriving: Arriving,
    events: Events,
    /// How many bytes of it may still come.
    left: usize,
    errors: FunctionErrors,
    /// What was read ahead.
    start: Bytes,
    ended: bool,
}

impl Payload {
    /// The payload in an answer of the service, of at most `limit` bytes.
    pub(super) fn new(arriving: Arriving, limit: usize, errors: FunctionErrors) -> Self {
        Self {
            arriving,
            events: Events::default(),
            left: limit,
            errors,
            start: Bytes::new(),
            ended: false,
        }
    }

    /// The next piece, or nothing once the function has ended well.
    ///
    /// # Errors
    /// A function that failed, a service that failed, an answer that breaks off or is too large.
    pub async fn next(&mut self, account: &mut Account) -> Result<Option<Bytes>, Failure> {
        if !self.start.is_empty() {
            return Ok(Some(std::mem::take(&mut self.start)));
        }
        let piece = self.arrived(account).await?;
        self.count(piece.as_deref().unwrap_or_default())?;
        Ok(piece)
    }

    fn count(&mut self, piece: &[u8]) -> Result<(), Failure> {
        self.left = self.left.checked_sub(piece.len()).ok_or(Failure::ResponseTooLarge)?;
        Ok(())
    }

    /// Goes on with what was read ahead: the start of the body.
    fn begin_with(&mut self, start: Bytes) -> Result<(), Failure> {
        self.count(&start)?;
        self.start = start;
        Ok(())
    }

    /// Reads on to the end, or to where nobody would read on for what goes nowhere.
    async fn throw_away(&mut self, account: &mut Account) -> Result<(), Failure> {
        let mut left = MOST_THROWN_AWAY;
        while let Some(piece) = self.arrived(account).await? {
            match left.checked_sub(piece.len()) {
                Some(less) => left = less,
                None => break,
            }
        }
        Ok(())
    }

    /// The next piece that arrives, not yet counted.
    async fn arrived(&mut self, account: &mut Account) -> Result<Option<Bytes>, Failure> {
        while !self.ended {
            match self.events.next().map_err(|_| Failure::BadResponse)? {
                Some(Event::Chunk(piece)) if piece.is_empty() => {}
                Some(Event::Chunk(piece)) => return Ok(Some(piece)),
                Some(Event::Complete(complete)) => {
                    self.ended = true;
                    // Read to its end, so that the connection can be used again.
                    let _ = tokio::time::timeout(LAST_BYTES, self.arriving.next()).await;
                    if let Some(log) = complete.log_result {
                        account.logged(log.as_bytes());
                    }
                    if let Some(code) = complete.error_code {
                        let details = complete.error_details.unwrap_or_default();
                        return Err(self.function_error(&code, &details, account));
                    }
                }
                Some(Event::Failed(kind)) => {
                    account.error(refusal::word(&kind));
                    return Err(Failure::InvokeFailed);
                }
                // Without its last event an answer is not whole.
                None => match self.arriving.next().await? {
                    Some(data) => self.events.take(&data),
                    None => return Err(Failure::BadResponse),
                },
            }
        }
        Ok(None)
    }

    /// The details are what the function reported, or the service's own words.
    fn function_error(&self, code: &str, details: &str, account: &mut Account) -> Failure {
        let reported = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(details).is_ok();
        let report = match reported {
            true => details.to_owned(),
            false => json!({"errorType": code, "errorMessage": details}).to_string(),
        };
        reply::function_error(report.into(), self.errors, account)
    }
}

/// Begins the answer to a client: with the prelude of the reply, if it has one and `format` is not raw, or else with the
/// payload as it is. `headers` are those of the service's answer. The body comes whole unless it may be `streamed`.
pub(super) async fn begin(
    mut payload: Payload,
    headers: &HeaderMap,
    format: ReplyFormat,
    method: &Method,
    streamed: bool,
    account: &mut Account,
) -> Result<Answered, Failure> {
    let told = headers.get(CONTENT_TYPE).filter(|told| !is_of(told, EVENT_STREAM));
    let announced = told.is_some_and(|told| is_of(told, shared::http::STREAM_MEDIA_TYPE));
    let prelude = if format == ReplyFormat::Raw || (told.is_some() && !announced) {
        // A function that fails at once is answered for with a status.
        let start = payload.arrived(account).await?;
        payload.begin_with(start.unwrap_or_default())?;
        None
    } else {
        look_for_prelude(&mut payload, announced, account).await?
    };
    let mut answer = match prelude {
        Some(prelude) => reply::begun(&prelude, method, account)?,
        None => {
            // The payload is whatever the function wrote, and a client gets it as that.
            let media_type = told.filter(|_| !announced).unwrap_or(&BYTES).clone();
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, media_type)]);
            response::answer(StatusCode::OK, headers, Bytes::new(), method)?
        }
    };
    if !response::has_body(answer.status(), method) {
        let ended = tokio::time::timeout(PATIENCE, payload.throw_away(account)).await;
        return ended.unwrap_or(Ok(())).map(|()| answer.into());
    }
    if streamed {
        let mut answered = Answered::from(answer);
        answered.rest = Some(Rest::Function(Box::new(payload)));
        return Ok(answered);
    }
    let mut body = BytesMut::new();
    while let Some(piece) = payload.next(account).await? {
        body.extend_from_slice(&piece);
    }
    *answer.body_mut() = body.freeze();
    Ok(answer.into())
}

/// Reads ahead until it is clear whether there is a prelude. The payload goes on with what comes after it, or with all
/// that was read.
async fn look_for_prelude(
    payload: &mut Payload,
    announced: bool,
    account: &mut Account,
) -> Result<Option<Bytes>, Failure> {
    let mut start = BytesMut::new();
    let mut looking = Looking::default();
    loop {
        match looking.at(&start) {
            Found::Prelude(length) => {
                let json = start.split_to(length).freeze();
                payload.begin_with(start.split_off(prelude::DELIMITER.len()).freeze())?;
                return Ok(Some(json));
            }
            Found::Nothing if announced => return Err(Failure::BadReply),
            Found::Nothing => break,
            Found::Maybe => match payload.arrived(account).await? {
                Some(piece) => start.extend_from_slice(&piece),
                // Who writes nothing sends no prelude either, whatever was announced.
                None if announced && !start.is_empty() => return Err(Failure::BadReply),
                None => break,
            },
        }
    }
    payload.begin_with(start.freeze())?;
    Ok(None)
}

/// Whether a content type is of a media type, whatever its case and its parameters.
fn is_of(content_type: &HeaderValue, media_type: &str) -> bool {
    let told = content_type.as_bytes().split(|&byte| byte == b';').next();
    told.is_some_and(|told| told.trim_ascii().eq_ignore_ascii_case(media_type.as_bytes()))
}
