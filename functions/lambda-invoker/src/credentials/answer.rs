//! What the Security Token Service answers, read strictly: XML of one known shape, of which four texts matter.

use shared::Secret;
use shared::aws::Credentials;
use shared::clock::parse_rfc3339;

/// The credentials of an `AssumeRoleResponse`.
pub(super) fn assumed(xml: &str) -> Option<Credentials> {
    let result = element(element(xml, "AssumeRoleResponse")?, "AssumeRoleResult")?;
    let credentials = element(result, "Credentials")?;
    let expires_at_ms = parse_rfc3339(text(credentials, "Expiration")?)?.checked_mul(1000)?;
    let secret = |name| text(credentials, name).map(Secret::new);
    Some(Credentials::new(
        secret("AccessKeyId")?,
        secret("SecretAccessKey")?,
        Some(secret("SessionToken")?),
        Some(expires_at_ms),
    ))
}

/// The code of an `ErrorResponse`, such as `AccessDenied`.
pub(super) fn error_code(xml: &str) -> Option<&str> {
    let code = text(element(element(xml, "ErrorResponse")?, "Error")?, "Code")?;
    let is_word = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    is_word.then_some(code)
}

/// What stands in the only element of this name. None of the elements that are asked for holds one of its own name.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (before, from) = xml.split_once(&format!("<{name}"))?;
    // Its start tag may have attributes; a longer name is another element's.
    let from = match from.strip_prefix('>') {
        Some(from) => from,
        None => from.strip_prefix(char::is_whitespace)?.split_once('>')?.1,
    };
    let end = format!("</{name}>");
    let (content, after) = from.split_once(&end)?;
    // A comment or character data could hide anything.
    let clear = |text: &str| !text.contains("<!");
    (clear(before) && clear(content) && !after.contains(&end)).then_some(content)
}

/// The text of the only element of this name: visible ASCII without references, which is all that keys, tokens, dates
/// and codes are made of.
fn text<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let text = element(xml, name)?.trim();
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"<>&".contains(&byte);
    (!text.is_empty() && text.bytes().all(plain)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(credentials: &str) -> String {
        format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <AssumeRoleResult>\n    \
             <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>\n    \
             <Credentials>\n{credentials}</Credentials>\n  </AssumeRoleResult>\n</AssumeRoleResponse>"
        )
    }

    const GOOD: &str = "<AccessKeyId>ASIA1</AccessKeyId>\n<SecretAccessKey>a/b+c</SecretAccessKey>\n\
        <SessionToken>t+/==</SessionToken>\n<Expiration>2026-03-01T13:00:00Z</Expiration>\n";

    #[test]
    fn credentials_are_read_from_an_answer() {
        for expiration in [
            "2026-03-01T13:00:00Z",
            "2026-03-01T13:00:00.000Z",
            "2026-03-01T13:00:00+00:00",
        ] {
            let text = GOOD.replace("2026-03-01T13:00:00Z", expiration);
            let credentials = assumed(&response(&text)).unwrap();
            assert_eq!(credentials.access_key_id(), "ASIA1");
            assert_eq!(credentials.secret_access_key().reveal(), "a/b+c");
            assert_eq!(credentials.session_token().unwrap().reveal(), "t+/==");
            assert_eq!(credentials.expires_at_ms(), Some(1_772_370_000_000), "{expiration}");
        }
    }

    #[test]
    fn anything_else_is_no_answer() {
        for (from, to) in [
            ("<SessionToken>t+/==</SessionToken>", ""),
            ("ASIA1", ""),
            ("ASIA1", "A&amp;B"),
            ("ASIA1", "<b>A</b>"),
            ("ASIA1", "A\u{e9}"),
            (
                "ASIA1</AccessKeyId>",
                "ASIA1</AccessKeyId><AccessKeyId>ASIA2</AccessKeyId>",
            ),
            ("<AccessKeyId>", "<AccessKeyIdX>"),
            ("</AccessKeyId>", ""),
            ("ASIA1", "<![CDATA[ASIA1]]>"),
            ("<AccessKeyId>", "<!-- <AccessKeyId>X</AccessKeyId> --><AccessKeyId>"),
            ("2026-03-01T13:00:00Z", "tomorrow"),
        ] {
            assert!(assumed(&response(&GOOD.replace(from, to))).is_none(), "{from} -> {to}");
        }
        assert!(assumed("").is_none());
        assert!(assumed(GOOD).is_none());
    }

    #[test]
    fn an_error_tells_its_code() {
        let error = |code: &str| {
            format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                 <Code>{code}</Code><Message>User: x is not authorized</Message></Error></ErrorResponse>"
            )
        };
        assert_eq!(error_code(&error("AccessDenied")), Some("AccessDenied"));
        for text in [error("Access Denied"), error(""), "<html>".to_owned()] {
            assert_eq!(error_code(&text), None, "{text}");
        }
    }
}
