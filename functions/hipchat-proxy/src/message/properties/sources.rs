//! Input for the properties: hostile texts, and documents of which it is known what is visible.

use proptest::prelude::*;

/// Text of which hostile messages are made: markup of HTML and of Slack, broken and whole.
pub(super) fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => r"[a-z<>&;!@#^|*_~`/\x22'= \n\t()-]{1,8}",
        3 => proptest::sample::select(vec![
            "<b>", "</b>", "<i>", "</i>", "<code>", "</code>", "<pre>", "</pre>", "<p>", "<br>", "</a>", "<ul>", "<li>",
            "</ul>", "<ol>", "<s>", "</s>", "<table>", "</table>", "<tr>", "<td>", "<th>", "</td>", "<td colspan=3>",
            "<td rowspan=2>", "<thead>", "<h1>", "</h1>", "<hr>", "<title>", "</title>", "<head>", "</head>", "<script>",
            "<a href='http://x/?a&b|c>'>", "<a href='<!channel>'>", "<a href='http://<!here>'>", "<a href=\"https://`\">",
            "<img src='http://i' alt='<!here>'>", "<img src='https://i|<@U1>'>", "<!--", "-->", "<!doctype>", "</",
        ]).prop_map(str::to_owned),
        3 => proptest::sample::select(vec![
            "<!channel>", "<!here>", "<!everyone>", "<@U3>", "<@W1|x>", "<#C100>", "<!subteam^S1>", "<!date^1^{date}|x>",
            "&lt;!channel&gt;", "&#60;!here&#62;", "&#x3c;@U3&#x3e;", "&amp;lt;!here&amp;gt;", "<<!channel>>", "<\u{0}!here>",
            "<\u{200b}!here>", "@all", "@here", "@channel", "@chris", "@everyone", "#general", "http://x/<!channel>",
            "http://x|<!here>", "```", "`````", "````````", "&amp;", "&unknown;", "&#xD800;", "&#0;", "&#x1b;", "(success)", "(odd)", "(jenkins)",
            ":)", "<3", "/me ", "/quote ", "/code ", "> ", "&gt;",
        ]).prop_map(str::to_owned),
        1 => proptest::sample::select(vec!["\u{202e}", "\u{2066}", "\u{200d}", "\u{feff}", "é", "漢字", "👩\u{200d}👩\u{200d}👦", "🇩🇪", "e\u{301}\u{302}", "\u{a0}", "\r\n", "\u{2028}", "שלום"]).prop_map(str::to_owned),
        1 => r"\PC{1,4}",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// HTML with most of its end tags, and its visible text.
pub(super) fn document(with_tables: bool) -> impl Strategy<Value = (String, String)> {
    let word = r"[a-zéß漢&<>]{1,9}".prop_map(|text| {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        (format!("{escaped} "), text)
    });
    word.prop_recursive(6, 60, 6, move |inner| {
        let mut tags = vec![
            ("b", ""),
            ("i", ""),
            ("s", ""),
            ("u", ""),
            ("span", " style='color: red'"),
            ("code", ""),
            ("pre", ""),
            ("p", ""),
            ("div", ""),
            ("h2", ""),
            ("ul", ""),
            ("ol", ""),
            ("li", ""),
            ("a", " href='http://x/?a&amp;b'"),
            ("a", " href='#'"),
            ("table", ""),
            ("tr", ""),
            ("td", ""),
            ("th", " colspan=2"),
            ("td", " rowspan=2"),
            ("tbody", ""),
            ("thead", ""),
            ("blockquote", ""),
            ("em", ""),
        ];
        tags.retain(|(tag, _)| with_tables || !tag.starts_with('t'));
        let tags = proptest::sample::select(tags);
        let element =
            (tags, proptest::collection::vec(inner.clone(), 1..6), 0..8).prop_map(|((tag, attributes), inner, end)| {
                let (source, text): (Vec<String>, Vec<String>) = inner.into_iter().unzip();
                let end = if end == 0 { String::new() } else { format!("</{tag}>") };
                (format!("<{tag}{attributes}>{}{end}", source.concat()), text.concat())
            });
        let cells = proptest::collection::vec(inner, 1..9);
        let table = proptest::collection::vec(cells, 0..4).prop_map(|rows| {
            let mut table = ("<table>".to_owned(), String::new());
            for cells in rows {
                table.0.push_str("<tr>");
                for (source, text) in cells {
                    table.0.push_str(&format!("<td>{source}</td>"));
                    table.1.push_str(&text);
                }
                table.0.push_str("</tr>");
            }
            (table.0 + "</table>", table.1)
        });
        prop_oneof![5 => element, u32::from(with_tables) => table]
    })
}
