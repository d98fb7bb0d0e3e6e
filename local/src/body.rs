//! Reading a request's body up to a limit.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

/// How much of a body that is too large is still taken in, and for how long. A connection that is closed on a peer
/// that is still sending
/// is reset, and the peer may never see the answer.
const DRAIN_BYTES: usize = 64 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It has more bytes than allowed.
    TooLarge,
    /// The connection broke or the framing is wrong.
    Broken,
}

/// The whole body and its trailers, if it has at most `max` bytes.
pub(crate) async fn read(mut body: Incoming, max: usize) -> Result<(Bytes, HeaderMap), Unreadable> {
    let (mut bytes, mut trailers) = (BytesMut::new(), HeaderMap::new());
    while let Some(frame) = body.frame().await {
        match frame.map_err(|_| Unreadable::Broken)?.into_data() {
            Ok(data) if bytes.len() + data.len() > max => {
                drain(body).await;
                return Err(Unreadable::TooLarge);
            }
            Ok(data) => bytes.extend_from_slice(&data),
            Err(frame) => trailers.extend(frame.into_trailers().unwrap_or_default()),
        }
    }
    Ok((bytes.freeze(), trailers))
}

async fn drain(mut body: Incoming) {
    let until = Instant::now() + DRAIN_TIME;
    let mut taken = 0;
    while let Ok(Some(Ok(frame))) = timeout_at(until, body.frame()).await {
        taken += frame.data_ref().map_or(0, Bytes::len);
        if taken > DRAIN_BYTES {
            return;
        }
    }
}
