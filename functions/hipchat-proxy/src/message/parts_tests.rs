//! Tests of the laying out in parts.

use proptest::prelude::*;

use super::*;

fn text(text: &str) -> Atom {
    Atom::Text(text.to_owned())
}

fn parts(atoms: &[Atom], limit: usize) -> Vec<String> {
    let laid = lay_out(atoms, limit, 20);
    assert!(!laid.truncated);
    laid.parts
}

#[test]
fn what_fits_stays_whole() {
    assert_eq!(parts(&[text("abc"), Atom::Newline, text("é")], 5), ["abc\né"]);
    assert!(parts(&[], 5).is_empty());
}

#[test]
fn cuts_are_at_lines_then_spaces_then_characters() {
    assert_eq!(
        parts(&[text("aa bb"), Atom::Newline, text("cc dd")], 8),
        ["aa bb", "cc dd"]
    );
    assert_eq!(parts(&[text("aa bb cc")], 6), ["aa bb", "cc"]);
    assert_eq!(parts(&[text("abcdefgh")], 5), ["abcde", "fgh"]);
    assert_eq!(parts(&[text("abc&amp;&lt;d")], 9), ["abc&amp;", "&lt;d"]);
    assert_eq!(
        parts(&[text("ab"), Atom::Token("<u|l>".to_owned()), text("c")], 6),
        ["ab", "<u|l>c"]
    );
    assert_eq!(
        parts(&[text("ae\u{301}👩\u{200d}👩\u{200d}👦b")], 6),
        ["ae\u{301}", "👩\u{200d}👩\u{200d}👦b"]
    );
}

#[test]
fn marks_and_fences_are_closed_and_opened_again() {
    let bold = [Atom::Open(Mark::Bold), text("aaa bbb"), Atom::Close(Mark::Bold)];
    assert_eq!(parts(&bold, 6), ["*aaa*", "*bbb*"]);
    let nested = [
        Atom::Open(Mark::Bold),
        Atom::Open(Mark::Italic),
        text("abcdef"),
        Atom::Close(Mark::Italic),
        Atom::Close(Mark::Bold),
        text("g"),
    ];
    assert_eq!(parts(&nested, 8), ["*_abcd_*", "*_ef_*g"]);
    assert_eq!(parts(&nested, 10), ["*_abcdef_*", "g"]);
    let fence = [
        Atom::FenceOpen,
        text("aaa"),
        Atom::Newline,
        text("bbb"),
        Atom::FenceClose,
    ];
    assert_eq!(parts(&fence, 12), ["```\naaa\n```", "```\nbbb\n```"]);
}

#[test]
fn no_pair_is_left_empty() {
    let late = [text("abc"), Atom::Open(Mark::Bold), text("d"), Atom::Close(Mark::Bold)];
    assert_eq!(parts(&late, 5), ["abc", "*d*"]);
}

#[test]
fn the_end_is_cut_where_nothing_more_fits() {
    let laid = lay_out(&[text(&"a".repeat(100))], 20, 3);
    assert!(laid.truncated);
    assert_eq!(
        laid.parts,
        [
            "a".repeat(20),
            "a".repeat(20),
            format!("{}\n{TRUNCATED}", "a".repeat(6))
        ]
    );
    assert_eq!(TRUNCATED.chars().count(), TRUNCATED_LENGTH);
}

fn atoms() -> impl Strategy<Value = Vec<Atom>> {
    let leaf = prop_oneof![
        r"[a-c]([a-c é]|&amp;|&lt;|👍🏽){0,18}[a-c]".prop_map(Atom::Text),
        Just(Atom::Token("<http://x|y>".to_owned())),
        Just(Atom::Newline),
    ];
    let wrapped = (proptest::collection::vec(leaf, 0..6), 0..4).prop_map(|(inner, wrap)| {
        let (open, close) = match wrap {
            _ if !inner.iter().any(|atom| *atom != Atom::Newline) => return inner,
            0 => return inner,
            1 => (Atom::Open(Mark::Bold), Atom::Close(Mark::Bold)),
            2 => (Atom::Open(Mark::Code), Atom::Close(Mark::Code)),
            _ => (Atom::FenceOpen, Atom::FenceClose),
        };
        // Pairs of marks do not reach over a line's end.
        let keeps_lines = open == Atom::FenceOpen;
        let inner = inner.into_iter().filter(|atom| keeps_lines || *atom != Atom::Newline);
        let edge = keeps_lines.then_some(Atom::Newline);
        edge.clone()
            .into_iter()
            .chain([open])
            .chain(inner)
            .chain([close])
            .chain(edge)
            .collect()
    });
    proptest::collection::vec(wrapped, 0..6).prop_map(|groups| groups.join(&text("x ")))
}

proptest! {
    #[test]
    fn parts_are_bounded_balanced_and_lose_nothing(atoms in atoms(), limit in 30_usize..60) {
        let laid = lay_out(&atoms, limit, usize::MAX);
        prop_assert!(!laid.truncated);
        for part in &laid.parts {
            prop_assert!(part.chars().count() <= limit, "{} > {limit}: {part:?}", part.chars().count());
            prop_assert_eq!(part.matches("```").count() % 2, 0, "{:?}", part);
            let outside: String = part.split("```").step_by(2).collect();
            prop_assert_eq!(outside.matches('*').count() % 2, 0, "{:?}", part);
            prop_assert_eq!(outside.matches('`').count() % 2, 0, "{:?}", part);
            prop_assert_eq!(part.matches('<').count(), part.matches('>').count());
            let loose = part.replace("&amp;", "").replace("&lt;", "");
            prop_assert!(!loose.contains('&'), "an escape was cut: {:?}", part);
        }
        let visible = |text: &str| text.replace(['*', '`', ' ', '\n'], "");
        let whole: String = atoms.iter().map(Atom::as_str).collect();
        prop_assert_eq!(visible(&laid.parts.concat()), visible(&whole));
    }
}
