//! Tests of tables: source in, markup out.

use super::tests::check;

#[test]
fn tables() {
    check(
        "<table><tr><th>Host</th><th>State</th></tr><tr><td>db1</td><td><b>CRITICAL</b></td></tr></table>",
        "```\nHost  State\n----  --------\ndb1   CRITICAL\n```",
    );
    check(
        "x<table><thead><tr><td>A<td>B<tbody><tr><td>1<td>&lt;2&gt;</table>y",
        "x\n```\nA  B\n-  ---\n1  &lt;2&gt;\n```\ny",
    );
    check("<table><tr><td>a</td><td>b</td></tr></table>", "```\na  b\n```");
    check(
        "<table><tr><td>é漢字</td><td>1</td></tr><tr><td>👍</td><td>2</td></tr></table>",
        "```\né漢字  1\n👍     2\n```",
    );
    check(
        "<table><tr><th colspan=2>A</th><th>B</th></tr><tr><td>1<td>2<td>3</table>",
        "```\nA     B\n-  -  -\n1  2  3\n```",
    );
    check(
        "<table><tr><td rowspan=2>A<td>1<tr><td>2<tr><td>B<td>3</table>",
        "```\nA  1\n   2\nB  3\n```",
    );
    check(
        "<table><tr><th>r1</th><td>1</td></tr><tr><th>r2</th><td>2</td></tr></table>",
        "```\nr1  1\nr2  2\n```",
    );
    check(
        "<table><tr><td>a<br>b<td>c<tr><td><ul><li>d<li>e</ul><td></table>",
        "```\na    c\nb\n• d\n• e\n```",
    );
    check("<table><tr><td></td></tr><tr></tr></table>x<table></table>", "x");
    check("<table><caption>C</caption><tr><td>a<td>b</table>", "C\n```\na  b\n```");
    check("<b>x<table><tr><td>a<i><td>b</table>y</b>", "*x*\n```\na  b\n```\n*y*");
}

#[test]
fn tables_that_are_too_wide_are_lines() {
    let nine = "<td>x</td>".repeat(9);
    check(
        &format!("<table><tr>{nine}</tr></table>"),
        "x | x | x | x | x | x | x | x | x",
    );
    let long = "y".repeat(41);
    check(
        &format!("<table><tr><th>A<th><i>B</i></th></tr><tr><td>{long}</td><td><b>b</b></td></tr></table>"),
        &format!("*A* | *_B_*\n{long} | *b*"),
    );
    let forty = "y".repeat(40);
    check(
        &format!("<table><tr><td>{forty}<td>b</table>"),
        &format!("```\n{forty}  b\n```"),
    );
    check("<table><tr><td colspan=9>a</td><td>b</table>", "a | b");
    check(
        "<table><tr><td colspan=99999999999999999999>a</td><td>b</table>",
        "```\na  b\n```",
    );
    check(
        "<table><tr><td>a<td><a href='http://x'>l</a> and<br>more<tr><td>b</table>",
        "a | <http://x|l> and more\nb",
    );
    check("<table><tr><td>one <b>cell</b></table>", "one *cell*");
    check(
        &format!("<table><tr><td>{long}<td><pre>a\n  b</pre><td>c</table>"),
        &format!("{long} |\n```\na\n  b\n```\nc"),
    );
}

#[test]
fn tables_within_tables() {
    check(
        "<table><tr><td><table><tr><td>a<td>b</table><td>c</table>",
        "```\na  b  c\n```",
    );
    let deep = "<table><tr><td>".repeat(20) + "x" + &"</table>".repeat(20) + "y";
    check(&deep, "x\ny");
    check("<pre><table><tr><td>a<td>b<tr><td>c</table></pre>", "```\na  b\nc\n```");
    check("<table><tr><td><pre>a\nb<td>c</table>d", "```\na  c\nb\n```\nd");
    check("</td></tr></table>a<table>b", "a\nb");
    check("<table><tr><td>never ends", "never ends");
}

#[test]
fn formatting_does_not_leave_its_cell() {
    let long = "y".repeat(41);
    check(
        &format!("<table><tr><td><b>{long}<td>plain</b><td></i>x</table>z"),
        &format!("*{long}* | plain | x\nz"),
    );
}
