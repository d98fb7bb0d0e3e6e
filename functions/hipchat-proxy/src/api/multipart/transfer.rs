//! A part's content as it was before it was made fit for mail (RFC 2045, section 6).

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::error::Failure;

/// Padding may be there or not.
const ANY_PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, ANY_PADDING);
const BASE64_FOR_URLS: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, ANY_PADDING);

/// Decodes content whose `Content-Transfer-Encoding` is `encoding`, in lower case; none when empty.
///
/// # Errors
/// [`Failure::BadArgument`] when it is not in that encoding, or nobody knows the encoding.
pub(super) fn decoded(encoding: &str, content: &[u8]) -> Result<Vec<u8>, Failure> {
    match encoding {
        "" | "binary" | "8bit" | "7bit" => Ok(content.to_vec()),
        "base64" => {
            let whole: Vec<u8> = content
                .iter()
                .copied()
                .filter(|byte| !byte.is_ascii_whitespace())
                .collect();
            let decoded = BASE64.decode(&whole).or_else(|_| BASE64_FOR_URLS.decode(&whole));
            decoded.map_err(|_| Failure::BadArgument("a part of the body is not in base64, as it says"))
        }
        "quoted-printable" => match unquoted(content) {
            (decoded, true) => Ok(decoded),
            (_, false) => Err(Failure::BadArgument(
                "a part of the body is not in quoted-printable, as it says",
            )),
        },
        _ => Err(Failure::BadArgument(
            "Content-Transfer-Encoding must be base64, quoted-printable, binary, 8bit or 7bit",
        )),
    }
}

/// The same for words, as far as it can be done: what is said about a file never costs it.
pub(super) fn decoded_words(encoding: &str, content: &[u8]) -> Vec<u8> {
    match encoding {
        "quoted-printable" => unquoted(content).0,
        _ => decoded(encoding, content).unwrap_or_else(|_| content.to_vec()),
    }
}

/// Content without the marks of quoted-printable (RFC 2045, section 6.7), and whether all of them were marks. What is none
/// stays as it is, and so do bytes and line ends that an encoder should not have left there, since nothing else says what
/// they were.
fn unquoted(content: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(content.len());
    let mut is_sound = true;
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let end = line.get(text.len()..).unwrap_or_default();
        // Spaces at the end of a line came on the way.
        let blanks = text.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t'));
        let text = text.get(..text.len() - blanks.count()).unwrap_or_default();
        // The line goes on with the next.
        let (text, end) = text.strip_suffix(b"=").map_or((text, end), |text| (text, &[][..]));
        let mut pieces = text.split(|byte| *byte == b'=');
        out.extend_from_slice(pieces.next().unwrap_or_default());
        for piece in pieces {
            if let [high, low, rest @ ..] = piece
                && let (Some(high), Some(low)) = (digit(*high), digit(*low))
            {
                out.push(high << 4 | low);
                out.extend_from_slice(rest);
            } else {
                is_sound = false;
                out.push(b'=');
                out.extend_from_slice(piece);
            }
        }
        out.extend_from_slice(end);
    }
    (out, is_sound)
}

fn digit(letter: u8) -> Option<u8> {
    let digit = char::from(letter).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
#[path = "transfer_tests.rs"]
mod tests;
