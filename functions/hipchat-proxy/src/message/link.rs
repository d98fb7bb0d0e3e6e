//! Links in Slack's markup: which addresses may stand in one, and how address and label are written.

use super::markup::{ZERO_WIDTH_SPACE, escape_into};

/// The longest address of a link, in bytes once escaped.
const LONGEST_ADDRESS: usize = 2000;

/// The longest link, in bytes: one fits every text that Slack bounds at 3,000 characters, with the marks around it.
const LONGEST_LINK: usize = 2900;

/// The address of a link, if Slack may show it as one: absolute, of a scheme that is safe to click, not too long.
pub(super) fn address(address: &str) -> Option<String> {
    safe_address(address).filter(|address| fits(address))
}

/// Whether an address is short enough for a link.
pub(super) fn fits(address: &str) -> bool {
    escape_address(address).len() <= LONGEST_ADDRESS
}

/// An address that is absolute and of a scheme that is safe to click, of any length.
pub(super) fn safe_address(address: &str) -> Option<String> {
    const SCHEMES: [&str; 4] = ["http://", "https://", "mailto:", "ftp://"];
    let address: String = address.trim().chars().filter(|letter| !letter.is_control()).collect();
    let known = SCHEMES.iter().any(|scheme| {
        let start = address.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && address.len() > scheme.len()
    });
    known.then_some(address)
}

/// A link to an [`address`], and what of its label found no place in it and follows as text. Without a label Slack
/// shows the address.
pub(super) fn link<'a>(address: &str, label: &'a str, strict: bool) -> (String, &'a str) {
    let mut token = format!("<{}", escape_address(address));
    let (label, rest) = split_label(label.trim(), LONGEST_LINK.saturating_sub(token.len() + 2), strict);
    if !label.is_empty() {
        token.push('|');
        escape_into(&label.replace('|', "¦"), strict, &mut token);
    }
    token.push('>');
    (token, rest)
}

/// An address as it may stand in a link, or as text.
pub(super) fn escape_address(address: &str) -> String {
    let mut out = String::with_capacity(address.len() + 8);
    for letter in address.chars() {
        match letter {
            '|' => out.push_str("%7C"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '&' => out.push_str("&amp;"),
            space if space.is_whitespace() => out.push_str("%20"),
            other => out.push(other),
        }
    }
    out
}

/// A label of at most `longest` bytes once escaped, cut at a space, and what is left of the text.
fn split_label(text: &str, longest: usize, strict: bool) -> (&str, &str) {
    let mut length = 0;
    for (at, letter) in text.char_indices() {
        length += match letter {
            '&' => 5,
            '<' | '>' => 4,
            '|' => 2,
            other => other.len_utf8(),
        };
        if strict && matches!(letter, '>' | '*' | '_' | '~' | '`') {
            length += ZERO_WIDTH_SPACE.len();
        }
        if length > longest {
            let (head, _) = text.split_at_checked(at).unwrap_or((text, ""));
            let cut = head.rfind(' ').unwrap_or(at);
            return text.split_at_checked(cut).unwrap_or((text, ""));
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_absolute_and_safe_to_click() {
        for (given, expected) in [
            (" http://x ", Some("http://x")),
            ("HTTPS://x", Some("HTTPS://x")),
            ("mailto:a@b", Some("mailto:a@b")),
            ("ftp://x", Some("ftp://x")),
            ("ht\u{0}tp://x\n/y", Some("http://x/y")),
            ("http://", None),
            ("10.0.0.1", None),
            ("//x/y", None),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("file:///etc", None),
            ("!channel", None),
            ("é", None),
        ] {
            assert_eq!(address(given).as_deref(), expected, "{given}");
        }
        assert!(address(&("http://".to_owned() + &"x".repeat(1993))).is_some());
        assert!(address(&("http://".to_owned() + &"x".repeat(1994))).is_none());
        assert!(address(&("http://".to_owned() + &"&".repeat(1000))).is_none());
    }

    #[test]
    fn neither_address_nor_label_can_end_the_link() {
        assert_eq!(
            link("http://x/a b|c>d<e&f", "a|b > c", false).0,
            "<http://x/a%20b%7Cc%3Ed%3Ce&amp;f|a¦b &gt; c>"
        );
        assert_eq!(link("http://x", " ", false), ("<http://x>".to_owned(), ""));
    }

    #[test]
    fn a_link_is_bounded_and_the_rest_of_its_label_follows() {
        let address = "http://".to_owned() + &"x".repeat(1993);
        for (label, strict) in [
            ("a".repeat(5000), false),
            ("& ".repeat(2000), false),
            ("*>".repeat(2000), true),
        ] {
            let (token, rest) = link(&address, &label, strict);
            assert!(
                token.len() <= LONGEST_LINK && token.len() > LONGEST_LINK - 20,
                "{}",
                token.len()
            );
            assert!(label.trim().ends_with(rest) && !rest.is_empty());
        }
    }
}
