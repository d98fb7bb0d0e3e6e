//! The start of a streamed reply: JSON with status and headers, eight NUL bytes, then the body.

use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value};

use crate::function::Stream;

const DELIMITER: [u8; 8] = [0; 8];

/// The delimiter has to come within so many bytes.
const LONGEST: usize = 16 * 1024;

/// The media type of a stream that begins so.
pub(super) const MEDIA_TYPE: &str = "application/vnd.awslambda.http-integration-response";

/// Reads the prelude and gives what came of the body with it.
pub(super) async fn read(stream: &mut Stream) -> Result<(Map<String, Value>, Bytes), String> {
    let mut start = BytesMut::new();
    let at = loop {
        match stream.next().await {
            Ok(Some(piece)) => start.extend_from_slice(&piece),
            Ok(None) => return Err("the stream ended in its prelude".to_owned()),
            Err(failed) => return Err(format!("the function failed in the prelude: {failed:?}")),
        }
        let seen = start.get(..LONGEST).unwrap_or(&start);
        if let Some(at) = seen.windows(DELIMITER.len()).position(|window| window == DELIMITER) {
            break at;
        }
        if start.len() >= LONGEST {
            return Err(format!("no delimiter in the first {LONGEST} bytes"));
        }
    };
    let prelude = start.split_to(at);
    let body = start.split_off(DELIMITER.len()).freeze();
    let prelude =
        serde_json::from_slice(&prelude).map_err(|error| format!("the prelude is no JSON object: {error}"))?;
    Ok((prelude, body))
}
