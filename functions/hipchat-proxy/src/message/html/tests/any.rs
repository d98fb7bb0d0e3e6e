//! Any HTML: what comes of it is markup of Slack's, whole and bounded.

use proptest::prelude::*;

use super::*;

/// Pieces of which hostile messages are made.
fn source() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => r"[a-z<>&;!@#|*_`\x22'= \n/-]{1,6}",
        2 => proptest::sample::select(vec![
            "<b>", "</b>", "<i>", "</i>", "<code>", "</code>", "<pre>", "</pre>", "<p>", "<br>", "</a>", "<ul>", "<li>",
            "<a href='http://x/?a&b|c'>", "<a href='<!channel>'>", "<img src='http://i' alt='<!here>'>", "<!channel>",
            "&lt;!channel&gt;", "<@U3>", "&amp;lt;", "&#60;!here&#62;", "<!--", "-->", "<unknown@host>", "```", "</ul>",
            "<s>", "</s>", "<td>", "<h1>", "</h1>", "é👍🏽", "<title>", "</title>", "\u{0}\u{7}",
        ]).prop_map(str::to_owned),
        1 => r"\PC{1,4}",
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// What may stand between `<` and `>` in the output: a link.
fn is_link(token: &str) -> bool {
    let address = token.split('|').next().unwrap_or_default();
    ["http://", "https://", "mailto:", "ftp://"]
        .iter()
        .any(|scheme| address.starts_with(scheme))
        && token.matches('|').count() <= 1
        && !token.contains('\n')
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn only_links_are_live(source in source()) {
        let markup = shown(&source, false);
        for piece in markup.split('<').skip(1) {
            let Some((token, after)) = piece.split_once('>') else {
                return Err(TestCaseError::fail(format!("unended: {markup}")));
            };
            prop_assert!(is_link(token), "{token} in {markup}");
            prop_assert!(!after.contains('>'), "{markup}");
        }
        let loose = ["&amp;", "&lt;", "&gt;"].iter().fold(markup.clone(), |text, escape| text.replace(escape, ""));
        prop_assert!(!loose.contains('&'), "{markup}");
    }

    #[test]
    fn marks_are_balanced_on_every_line(source in source()) {
        let rendered = render(&source, false);
        let mut open = Vec::new();
        let mut fenced = false;
        for atom in &rendered.atoms {
            match atom {
                Atom::Open(mark) => open.push(*mark),
                Atom::Close(mark) => prop_assert_eq!(open.pop(), Some(*mark)),
                Atom::Newline => prop_assert!(open.is_empty()),
                Atom::FenceOpen => fenced = true,
                Atom::FenceClose => fenced = false,
                Atom::Text(_) | Atom::Token(_) | Atom::Quote => {}
            }
        }
        prop_assert!(open.is_empty() && !fenced);
    }

    #[test]
    fn text_between_tags_is_preserved(words in proptest::collection::vec(r"[a-z&<>|*é!@]{1,8}", 1..12), tags in proptest::collection::vec(0_usize..8, 12)) {
        let pairs = [("<b>", "</b>"), ("<i>", "</i>"), ("<code>", "</code>"), ("<p>", "</p>"), ("<pre>", "</pre>"),
            ("<a href='http://x'>", "</a>"), ("<li>", "</li>"), ("<td>", "</td>")];
        let mut source = String::new();
        for (word, tag) in words.iter().zip(&tags) {
            let escaped = word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            source.push_str(&format!("{}{escaped}{} ", pairs[*tag].0, pairs[*tag].1));
        }
        let plain: String = render(&source, false).plain.split(['\n', ' ']).filter(|word| !["•", "|"].contains(word)).collect();
        prop_assert_eq!(plain.replace('|', ""), words.concat().replace('|', ""));
    }

    #[test]
    fn any_text_renders(source in any::<String>()) {
        let _ = render(&source, true);
    }
}
