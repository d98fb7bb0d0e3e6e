//! Tests of HTML messages: source in, markup out.

mod any;

use super::super::{Atom, lay_out};
use super::*;

fn shown(source: &str, strict: bool) -> String {
    render(source, strict).atoms.iter().map(Atom::as_str).collect()
}

#[track_caller]
pub(super) fn check(source: &str, expected: &str) {
    assert_eq!(shown(source, false), expected, "{source}");
}

#[test]
fn inline_marks() {
    check("<b>a</b> <strong>b</strong> <i>c</i> <em>d</em>", "*a* *b* _c_ _d_");
    check(
        "<s>a</s> <strike>b</strike> <del>c</del> <u>d</u> <span style='x'>e</span>",
        "~a~ ~b~ ~c~ d e",
    );
    check("x<b> a </b>y", "x *a* y");
    check("<b></b><b> </b>x<i><b></b></i>", "x");
    check("<b><b>a</b> b</b>", "*a b*");
    check("<b>a <i>b</i></b><i>c</i>", "*a _b_*\u{200b}_c_");
    check("<b>a<i>b</b>c</i>", "*a\u{200b}_b_*\u{200b}_c_");
    check("<b>2</b>nd in<i>word</i>s", "*2*\u{200b}nd in\u{200b}_word_\u{200b}s");
    check("(<b>a</b>), <b>b</b>: c", "(*a*), *b*: c");
    check("<b>a<br>b</b>", "*a*\n*b*");
}

#[test]
fn code_and_preformatted_text() {
    check("<code>a `b` <b>c</b></code>", "`a 'b' c`");
    check("<b><code>x</code></b>", "*`x`*");
    check(
        "a<pre>\n  x  y\n&lt;z&gt; & ```\n</pre>b",
        "a\n```\n  x  y\n&lt;z&gt; &amp; ``\u{200b}`\n```\nb",
    );
    check("<pre><code>a <b>b</b>\n  c</code></pre>", "```\na b\n  c\n```");
    check("<pre>a<br>b<a href='http://x'>c</a></pre>", "```\na\nbc\n```");
    check("<pre> \n </pre>x", "x");
    check("<pre>never ends", "```\nnever ends\n```");
}

#[test]
fn lines_and_blocks() {
    check("a<br>b<br/>c</br>d", "a\nb\nc\nd");
    check("a<br><br>b", "a\n\nb");
    check(" a \n  b\t c ", "a b c");
    check("<p>a</p><p>b</p>", "a\n\nb");
    check("<p>a<p>b", "a\n\nb");
    check("<div>a</div><div>b</div>c", "a\nb\nc");
    check("<p>a</p><br><br><p>b</p>", "a\n\n\nb");
    check("<h1>T</h1>x", "*T*\n\nx");
    check("a<hr>b", "a\n———\nb");
    check("<br><p></p><div> </div>", "");
    check("a\u{a0}\u{a0}b", "a\u{a0}\u{a0}b");
}

#[test]
fn lists_and_rows() {
    check("<ul><li>a</li><li>b<ul><li>c</ul></ul>d", "• a\n• b\n    • c\nd");
    check("<ol><li>a<li><p>b</p><li>c</ol>", "1. a\n2. b\n3. c");
    check("<ul><li></ul>x<ul><li></li></ul>", "x");
    check(
        "<ol><li>a<ul><li>b<ol><li>c</li><li>d</li></ol></li></ul></li><li>e</ol>",
        "1. a\n    • b\n        1. c\n        2. d\n2. e",
    );
    check("<p>x</p><ul><li>a</li></ul><p>y</p>", "x\n\n• a\n\ny");
    check("<li>a<li>b", "• a\n• b");
    check("<tr><td>a</td><td>b</td></tr>c", "a | b\nc");
}

#[test]
fn what_is_above_a_page_is_left_out() {
    check(
        "<html><head><title>t</title><meta x>text</head><body>b</body></html>",
        "b",
    );
    check("<head>never <b>ends</b>", "never *ends*");
    // An end tag in a comment ends nothing, and one that a script swallows does not either.
    check("<head><!-- </head> -->text", "text");
    check("<head><title>t</title><!-- </head> --><p>a</p>b", "a\n\nb");
    check("<head><!-- </head> --></head>text", "text");
    check(
        "a <script x='1'><!--<script></script> b",
        "a &lt;script x='1'&gt;&lt;!--&lt;script&gt;&lt;/script&gt; b",
    );
    check("fix <title> in <script>", "fix &lt;title&gt; in &lt;script&gt;");
}

#[test]
fn links_and_images() {
    check("<a href=\"http://x/?a=1&amp;b=2\">l</a>", "<http://x/?a=1&amp;b=2|l>");
    check(
        "<a href='HTTPS://x/a b|c>d<e'>a|b &gt; c</a>",
        "<HTTPS://x/a%20b%7Cc%3Ed%3Ce|a¦b &gt; c>",
    );
    check(
        "<a href='mailto:a@b.c'>m</a> <a href='ftp://x/'></a>",
        "<mailto:a@b.c|m> <ftp://x/>",
    );
    check(
        "<a href=\"10.0.0.1\">l</a> <a href='javascript:alert(1)'>j</a> <a>n</a> <a href='/x'>r</a>",
        "l j n r",
    );
    check("x<b><a href='http://x'> <i>l</i> m </a></b>y", "x *<http://x|l m>* y");
    check("<a href='http://x'><b>l</b></a>", "*<http://x|l>*");
    check("<code><a href='http://x'>l</a></code>", "`l`");
    check("<a href='http://x'>a<br>b</a>", "<http://x|a>\nb");
    check(
        "<a href='http://x'>a<a href='http://y'>b</a>",
        "<http://x|a><http://y|b>",
    );
    check(
        "<img src='http://x/i.png' alt='pic'><img src='https://x/j.png'>",
        "<http://x/i.png|pic><https://x/j.png|image>",
    );
    check(
        "<img src='data:x' alt='d'><img src='https://x/emoticons/a.png' alt='(a)'><img>",
        "d(a)",
    );
    check(
        "<a href='http://x'><img src='http://y/' alt='pic'></a> <a href='http://x'><img src='http://y/'></a>",
        "<http://x|pic> <http://x>",
    );
    check(
        "<a href='http://!channel>x'>l</a> <a href='!channel'>l</a>",
        "<http://!channel%3Ex|l> l",
    );
}

#[test]
fn what_must_not_be_live_is_not() {
    check("<!channel> (success) @all", "&lt;!channel&gt; (success) @all");
    check(
        "&lt;!channel&gt; &lt;@U3&gt; <@U3> &amp;lt;!here&amp;gt;",
        "&lt;!channel&gt; &lt;@U3&gt; &lt;@U3&gt; &amp;lt;!here&amp;gt;",
    );
    check("<a href='http://x'>&lt;!channel&gt;</a>", "<http://x|&lt;!channel&gt;>");
    check("<pre><!channel></pre>", "```\n&lt;!channel&gt;\n```");
    check("<script><!channel></script><style>x</style><title>y</title>z", "z");
}

#[test]
fn a_plugins_unescaped_message_is_readable() {
    check(
        "\n<strong>State:</strong> CRITICAL<br>\n(<a href=\"10.0.0.1\">10.0.0.1</a>)\n<pre>disk <full> & hot</pre>\n",
        "*State:* CRITICAL\n(10.0.0.1)\n```\ndisk &lt;full&gt; &amp; hot\n```",
    );
}

#[test]
fn strict_breaks_marks_that_a_message_types() {
    assert_eq!(shown("<b>a</b> *b*", true), "*a* *\u{200b}b*\u{200b}");
}

#[test]
fn the_plain_text_has_no_marks() {
    let rendered = render(
        "<p><b>a</b> &amp; <a href='http://x'>l</a> <a href='http://y'></a></p><ul><li>i</ul><pre>\nx\n</pre>",
        false,
    );
    assert_eq!(rendered.plain, "a & l http://y\n\n• i\nx");
}

#[test]
fn a_short_message_cannot_become_a_huge_one() {
    let address = "http://x/".to_owned() + &"y".repeat(2900);
    for source in [
        "<ul><li>a".repeat(1111),
        format!("<a href='{address}'>{}", "x<br>".repeat(1400)),
        format!("<a href='http://x'>{}</a>", "&lt; ".repeat(1990)),
        "<b>".repeat(3333),
        format!("<a href='http://x/{}'>l</a>", "&".repeat(2900)),
        "<b><i>".repeat(800) + "x" + &"</b></i>".repeat(600),
        "<a \"".repeat(2500),
        "&".repeat(10_000),
        "<".repeat(10_000),
        format!(
            "<table><tr>{}{}",
            format!("<td rowspan=999>{}", "x".repeat(40)).repeat(7),
            "<tr><td>x".repeat(1000)
        ),
        format!(
            "<table><tr>{}{}",
            "<td>xxxxxxxxxxxxxxxxxxxx".repeat(8),
            "<tr><td><td><td><td><td><td><td><td>x".repeat(260)
        ),
        "<table><tr><td>".repeat(660),
        "<table><tr><td colspan=9 rowspan=9>x".repeat(270),
    ] {
        let rendered = render(&source, false);
        let laid = lay_out(&rendered.atoms, 7500, 20);
        assert!(
            !laid.truncated && laid.parts.concat().len() < 60_000,
            "{}",
            laid.parts.concat().len()
        );
        assert!(laid.parts.iter().all(|part| part.chars().count() <= 7500));
    }
}
