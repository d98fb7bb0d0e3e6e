//! Tests of the pieces of HTML.

use super::*;

fn shown(source: &str) -> String {
    pieces(source)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Start(element, _) => format!("[{element:?}]"),
            Piece::End(element) => format!("[/{element:?}]"),
        })
        .collect()
}

#[test]
fn what_is_no_html_is_text() {
    for (source, expected) in [
        (
            "a <b>b</b> &amp; &eacute;&#233;&#xe9; &unknown; & <5",
            "a [Bold]b[/Bold] & ééé &unknown; & <5",
        ),
        ("&lt;b&gt; &amp;lt;", "<b> &lt;"),
        ("disk <full> & hot", "disk <full> & hot"),
        ("<Unknown@Host> </Nope x=1>", "<Unknown@Host> </Nope x=1>"),
        (
            "<!channel> <!here|x> <?php ?> <![CDATA[x]]>",
            "<!channel> <!here|x> <?php ?> <![CDATA[x]]>",
        ),
        ("<!-- gone --><!doctype html>a", "a"),
        ("<!-- never ends <b>x", "<!-- never ends <b>x"),
        ("x <y then <b>z</b>", "x <y then <b>z[/Bold]"),
        ("a < b > c <> </> é<", "a < b > c <> </> é<"),
        (
            "1 <a href=\"x>link</a> <b>b</b>",
            "1 <a href=\"x>link[/Link] [Bold]b[/Bold]",
        ),
        ("<b", "<b"),
        ("</b", "</b"),
        ("<b e='<'>x", "[Bold]x"),
        // No attribute is called so.
        ("if (a<b && c>d) {}", "if (a<b && c>d) {}"),
        ("a <b é='<'> c </b>", "a <b é='<'> c [/Bold]"),
        (
            "x<i[0]; p<i +1> <title $x>y</title>",
            "x<i[0]; p<i +1> <title $x>y[/Hidden]",
        ),
        ("<b data-x=1 xml:lang=e _a A.b='&&'/>x", "[Bold]x"),
        // Quotes too many are a slip of the hand.
        ("<a href=\"http://x\"\">l</a>", "[Link]l[/Link]"),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
}

#[test]
fn contents_that_are_not_html_end_where_their_element_does() {
    assert_eq!(shown("<script>a<b>c</script>d"), "[Hidden]a<b>c[/Hidden]d");
    assert_eq!(shown("<title>a &amp; <b></title>d"), "[Hidden]a & <b>[/Hidden]d");
    assert_eq!(shown("<textarea><b></textarea>d"), "[Plain]<b>[/Plain]d");
}

#[test]
fn what_would_hide_the_rest_of_the_message_is_text() {
    assert_eq!(
        shown("fix <title> and <script>, <b>x"),
        "fix <title> and <script>, [Bold]x"
    );
    assert_eq!(shown("</title><title>x</titles>"), "[/Hidden]<title>x</titles>");
    assert_eq!(shown("<SCRIPT>a</Script >b"), "[Hidden]a[/Hidden]b");
    assert_eq!(
        shown("<head>a</header>b"),
        "a</header>b".replace("</header>", "[/Block]")
    );
    assert_eq!(shown("<head>a</head>b"), "[Head]a[/Head]b");
}

#[test]
fn many_tags_without_an_end_are_text() {
    let source = "<a \"".repeat(3000);
    assert_eq!(shown(&source), source);
}

#[test]
fn attributes_are_decoded_once() {
    let expected = Attributes {
        href: Some("http://x/?a=1&b=2&amp;c".to_owned()),
        ..Attributes::default()
    };
    assert_eq!(
        pieces(r#"<A HREF="http://x/?a=1&amp;b=2&amp;amp;c" href=y>"#),
        [Piece::Start(Element::Link, expected)]
    );
}
