//! A function's answer as a document, also where it came as a stream.

use serde_json::Value;

use crate::wire::find;

/// What stands between a streamed answer's prelude and its body
/// (<https://docs.aws.amazon.com/lambda/latest/dg/config-rs-invoke-furls.html>).
const DELIMITER: [u8; 8] = [0; 8];

/// The answer as JSON. A streamed one becomes its prelude with the body as a text in it: what the same answer is in one piece.
///
/// # Errors
/// It is no JSON, or its prelude is no object, or its body no text.
pub fn read(bytes: &[u8]) -> Result<Value, String> {
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).map_err(|error| error.to_string());
    let Some(at) = find(bytes, &DELIMITER) else {
        return json(bytes);
    };
    let mut answer = json(bytes.get(..at).unwrap_or_default())?;
    let body = bytes.get(at + DELIMITER.len()..).unwrap_or_default();
    let body = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let members = answer.as_object_mut().ok_or("a prelude that is no object")?;
    members.insert("body".to_owned(), body.into());
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stream_is_read_as_the_same_answer_in_one_piece() {
        let whole = json!({"statusCode": 200, "body": "hello"});
        assert_eq!(read(whole.to_string().as_bytes()), Ok(whole.clone()));
        assert_eq!(read(b"{\"statusCode\":200}\0\0\0\0\0\0\0\0hello"), Ok(whole));
        for bad in [&b"x"[..], b"[]\0\0\0\0\0\0\0\0x", b"{}\0\0\0\0\0\0\0\0\xff"] {
            assert!(read(bad).is_err());
        }
    }
}
