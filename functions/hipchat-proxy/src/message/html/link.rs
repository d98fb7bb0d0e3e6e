//! What may stand in a link: addresses and labels.

/// The longest label of a link, in bytes once escaped; what is behind it follows as plain text.
const LONGEST_LABEL: usize = 2000;

/// The address of a link, if Slack may show it as one: absolute, of a scheme that is safe to click, not longer than
/// Slack takes.
pub(super) fn address(address: &str) -> Option<String> {
    const SCHEMES: [&str; 4] = ["http://", "https://", "mailto:", "ftp://"];
    const LONGEST: usize = 3000;
    let address: String = address.trim().chars().filter(|letter| !letter.is_control()).collect();
    let known = SCHEMES.iter().any(|scheme| {
        let start = address.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && address.len() > scheme.len()
    });
    (known && escape_address(&address).len() <= LONGEST).then_some(address)
}

/// An address as it may stand in a link.
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

/// A label of bounded length, cut at a space, and what is left of the text.
pub(super) fn split_label(text: &str) -> (&str, &str) {
    // An escape makes five characters of one.
    let longest = LONGEST_LABEL / 5;
    if text.len() <= longest {
        return (text, "");
    }
    let end = (0..=longest)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or_default();
    let (head, _) = text.split_at_checked(end).unwrap_or((text, ""));
    let cut = head.rfind(' ').unwrap_or(end);
    text.split_at_checked(cut).unwrap_or((text, ""))
}
