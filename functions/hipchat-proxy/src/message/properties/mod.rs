//! Properties of all rendering, over arbitrary and over HTML-like input: whatever a client sends, nothing in the markup
//! is live that the operator did not allow, every part is whole and bounded, and nothing that was visible is lost.

mod cards;
mod cost;
mod sources;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use sources::{document, hostile};

const LIMIT: usize = 7500;
const MAX_PARTS: usize = 20;

fn render_with(text: &str, format: Format, mentions: Ping, strict: bool) -> Rendered {
    let people = Mentions::new([("chris", "U3"), ("all", "U666"), ("here", "U667")].into_iter());
    let mut emoticons = Emoticons::default();
    emoticons.add("jenkins", ":jenkins:").unwrap();
    emoticons.add("odd", "<!channel> & <@U9>").unwrap();
    let rules = Rules {
        mentions,
        people: &people,
        emoticons: &emoticons,
        strict,
    };
    render(text, format, rules)
}

/// Whether what stands between `<` and `>` may be live.
fn is_allowed(token: &str, allowed: &[&str]) -> bool {
    let (address, label) = token.split_once('|').unwrap_or((token, ""));
    let is_link = ["http://", "https://", "mailto:", "ftp://"].iter().any(|scheme| {
        let start = address.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    (is_link && !label.contains('|') && !token.contains(['\n', '`'])) || allowed.contains(&token)
}

/// Checks that a text holds nothing live but links and what is allowed, and no loose `&`, `<` or `>`.
fn audit(markup: &str, allowed: &[&str]) -> Result<(), TestCaseError> {
    let mut rest = markup.to_owned();
    while let Some(at) = rest.find('<') {
        let token: String = rest[at + 1..].chars().take_while(|&letter| letter != '>').collect();
        prop_assert!(
            rest[at + 1 + token.len()..].starts_with('>'),
            "unended {token:?} in {markup:?}"
        );
        prop_assert!(
            (is_allowed(&token, allowed) || is_code_link(&token)) && !token.contains('<'),
            "{token:?} in {markup:?}"
        );
        rest.replace_range(at..at + token.len() + 2, "");
    }
    let unquoted: String = rest
        .lines()
        .map(|line| line.strip_prefix("> ").unwrap_or(line))
        .collect();
    prop_assert!(!unquoted.contains('>'), "{markup:?}");
    let loose = ["&amp;", "&lt;", "&gt;"]
        .iter()
        .fold(rest, |text, escape| text.replace(escape, ""));
    prop_assert!(!loose.contains('&'), "{markup:?}");
    Ok(())
}

/// A link may have a backtick in its label or address, as any text may.
fn is_code_link(token: &str) -> bool {
    is_allowed(&token.replace('`', "'"), &[])
}

/// Checks the parts of a rendered message.
fn audit_parts(rendered: &Rendered, limit: usize, allowed: &[&str]) -> Result<Vec<String>, TestCaseError> {
    let laid = lay_out(&rendered.atoms, limit, usize::MAX);
    prop_assert!(!laid.truncated);
    for part in &laid.parts {
        prop_assert!(part.chars().count() <= limit && !part.is_empty());
        audit(part, allowed)?;
    }
    let short = lay_out(&rendered.atoms, limit, 2);
    prop_assert!(short.parts.len() <= 2 && short.parts.iter().all(|part| part.chars().count() <= limit));
    for part in &short.parts {
        audit(part, allowed)?;
    }
    Ok(laid.parts)
}

/// The letters that a person sees, sorted: text beside the cells of a table is shown above it.
fn letters(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text
        .chars()
        .filter(|letter| letter.is_alphabetic() || "&<>".contains(*letter))
        .collect();
    letters.sort_unstable();
    letters
}

/// What a person sees of markup that holds no links to be read.
fn seen(markup: &str) -> String {
    let shown = markup
        .replace("<http://x/?a&amp;b|", "")
        .replace("<http://x/?a&amp;b>", "");
    // What is left of a link is its end.
    let shown = shown.replace('>', "");
    shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// A limit that every link fits, as the real ones are.
fn fitting(rendered: &Rendered, limit: usize) -> usize {
    let lengths = rendered.atoms.iter().map(|atom| match atom {
        Atom::Token(token) => token.chars().count() + 20,
        _ => 0,
    });
    lengths.fold(limit, usize::max)
}

const NOBODY: &[&str] = &[];
const PEOPLE: &[&str] = &["@U3"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn html_calls_nobody(source in hostile(), strict in any::<bool>()) {
        let rendered = render_with(&source, Format::Html, Ping::Channel, strict);
        prop_assert_eq!(rendered.ping, Ping::None);
        audit_parts(&rendered, LIMIT, NOBODY)?;
        audit_parts(&rendered, 3000, NOBODY)?;
    }

    #[test]
    fn text_calls_whom_it_may(source in hostile(), strict in any::<bool>(), said in any::<bool>()) {
        let format = if said { Format::Said } else { Format::Text };
        for (policy, allowed) in [
            (Ping::None, PEOPLE),
            (Ping::Here, &["@U3", "!here"]),
            (Ping::Channel, &["@U3", "!here", "!channel"]),
        ] {
            let rendered = render_with(&source, format, policy, strict);
            prop_assert!(rendered.ping <= policy);
            audit_parts(&rendered, LIMIT, allowed)?;
            audit_parts(&rendered, 100, allowed)?;
        }
    }

    #[test]
    fn arbitrary_text_renders(source in any::<String>(), strict in any::<bool>()) {
        for format in [Format::Html, Format::Text, Format::Said] {
            let rendered = render_with(&source, format, Ping::None, strict);
            audit_parts(&rendered, 64, PEOPLE)?;
        }
    }

    #[test]
    fn marks_and_fences_are_balanced_in_every_part((source, _) in document(true), limit in 80_usize..400) {
        let rendered = render_with(&source, Format::Html, Ping::None, false);
        for part in audit_parts(&rendered, fitting(&rendered, limit), NOBODY)? {
            // The words hold no marks: each is ours.
            let fenced: Vec<&str> = part.split("```").collect();
            prop_assert!(fenced.len() % 2 == 1, "{part:?}");
            for line in fenced.iter().step_by(2).flat_map(|text| text.lines()) {
                let line = line.replace("---", "");
                for mark in ['*', '_', '~', '`'] {
                    let pieces: Vec<&str> = line.split(mark).collect();
                    prop_assert!(pieces.len() % 2 == 1, "{mark} in {line:?} of {part:?}");
                    let is_empty = pieces.iter().skip(1).step_by(2).any(|inside| inside.trim().is_empty());
                    prop_assert!(!is_empty, "{mark} around nothing in {line:?} of {part:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_visible_in_html_is_preserved((source, text) in document(true), limit in 80_usize..400) {
        let rendered = render_with(&source, Format::Html, Ping::None, false);
        let parts = audit_parts(&rendered, fitting(&rendered, limit), NOBODY)?;
        prop_assert_eq!(letters(&seen(&parts.concat())), letters(&text), "{}", source);
        // A link around nothing but preformatted text shows its address behind it.
        let plain = rendered.plain.replace("http://x/?a&b", "");
        prop_assert_eq!(letters(&plain), letters(&text), "{}", source);
    }

    #[test]
    fn html_without_tables_keeps_its_order((source, text) in document(false)) {
        let plain = render_with(&source, Format::Html, Ping::None, false).plain.replace("http://x/?a&b", "");
        let in_order = |text: &str| text.chars().filter(|letter| letter.is_alphabetic()).collect::<String>();
        prop_assert_eq!(in_order(&plain), in_order(&text));
    }

    #[test]
    fn what_is_visible_in_text_is_preserved(source in r"([a-zé漢<>&*_~`@# \n/.]|www\.|x:y){0,80}") {
        let rendered = render_with(&source, Format::Text, Ping::None, false);
        let markup: String = rendered.atoms.iter().map(Atom::as_str).collect();
        let back = markup.replace("<@U3>", "@chris").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        prop_assert_eq!(bare(&back), bare(&source));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn a_message_of_ten_thousand_characters_fits_whatever_it_is(source in hostile()) {
        prop_assume!(!source.is_empty());
        let long: String = source.chars().cycle().take(10_000).collect();
        for format in [Format::Html, Format::Text] {
            let rendered = render_with(&long, format, Ping::None, true);
            prop_assert!(!lay_out(&rendered.atoms, LIMIT, MAX_PARTS).truncated);
        }
    }
}
