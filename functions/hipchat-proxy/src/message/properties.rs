//! Properties of all rendering, over arbitrary and over HTML-like input: whatever a client sends, nothing in the markup
//! is live that the operator did not allow, every part is whole and bounded, and nothing that was visible is lost.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

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

/// Text of which hostile messages are made: markup of HTML and of Slack, broken and whole.
fn hostile() -> impl Strategy<Value = String> {
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
            "http://x|<!here>", "```", "&amp;", "&unknown;", "&#xD800;", "&#0;", "&#x1b;", "(success)", "(odd)", "(jenkins)",
            ":)", "<3", "/me ", "/quote ", "/code ", "> ", "&gt;",
        ]).prop_map(str::to_owned),
        1 => proptest::sample::select(vec!["\u{202e}", "\u{2066}", "\u{200d}", "\u{feff}", "é", "漢字", "👩\u{200d}👩\u{200d}👦", "🇩🇪", "e\u{301}\u{302}", "\u{a0}", "\r\n", "\u{2028}", "שלום"]).prop_map(str::to_owned),
        1 => r"\PC{1,4}",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// HTML with most of its end tags, and its visible text.
fn document(with_tables: bool) -> impl Strategy<Value = (String, String)> {
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
                    prop_assert!(line.matches(mark).count() % 2 == 0, "{mark} in {line:?} of {part:?}");
                }
                prop_assert!(!line.contains("**") && !line.contains("__") && !line.contains("* *"), "{line:?}");
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
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn cards_are_within_slacks_limits(card in card(), strict in any::<bool>()) {
        let people = Mentions::new([("chris", "U3")].into_iter());
        let rules = Rules { mentions: Ping::Channel, people: &people, emoticons: &Emoticons::default(), strict };
        let Ok(read) = Card::read(&card) else { return Ok(()) };
        let drawn = read.draw(rules);
        let blocks = serde_json::to_value(&drawn.blocks).unwrap();
        let blocks = blocks.as_array().unwrap();
        prop_assert!((1..=50).contains(&blocks.len()));
        let mut total = 0;
        for block in blocks {
            check_block(block, &mut total)?;
        }
        prop_assert!(total <= 13_000, "{total}");
    }

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

fn check_text(object: &Value, longest: usize, total: &mut usize) -> Result<(), TestCaseError> {
    let text = object["text"].as_str().unwrap();
    prop_assert_eq!((&object["type"], &object["verbatim"]), (&json!("mrkdwn"), &json!(true)));
    let length = text.chars().count();
    prop_assert!((1..=longest).contains(&length), "{length} {text}");
    *total += length;
    audit(text, NOBODY)
}

fn check_image(image: &Value) -> Result<(), TestCaseError> {
    let (address, alt) = (
        image["image_url"].as_str().unwrap(),
        image["alt_text"].as_str().unwrap(),
    );
    prop_assert!(
        address.to_lowercase().starts_with("https://") && address.len() <= 3000 && !address.contains(['<', ' '])
    );
    prop_assert!((1..=2000).contains(&alt.chars().count()));
    Ok(())
}

fn check_block(block: &Value, total: &mut usize) -> Result<(), TestCaseError> {
    match block["type"].as_str().unwrap() {
        "section" => {
            prop_assert!(block.get("text").is_some() || block.get("fields").is_some());
            if let Some(text) = block.get("text") {
                check_text(text, 3000, total)?;
            }
            for field in block.get("fields").and_then(Value::as_array).into_iter().flatten() {
                check_text(field, 2000, total)?;
            }
            prop_assert!(
                block
                    .get("fields")
                    .is_none_or(|fields| (1..=10).contains(&fields.as_array().unwrap().len()))
            );
            block.get("accessory").map_or(Ok(()), check_image)
        }
        "context" => {
            let elements = block["elements"].as_array().unwrap();
            prop_assert!((1..=10).contains(&elements.len()));
            elements.iter().try_for_each(|element| match element["type"].as_str() {
                Some("image") => check_image(element),
                _ => check_text(element, 2000, total),
            })
        }
        "image" => check_image(block),
        other => Err(TestCaseError::fail(other.to_owned())),
    }
}

/// A card: its members are mostly of the right types.
fn card() -> impl Strategy<Value = Value> {
    let long = (hostile(), 1_usize..60).prop_map(|(text, times)| json!(text.repeat(times)));
    let url = proptest::sample::select(vec![
        "https://x/i.png",
        "http://x/?a&b",
        "https://x/<!here>|`",
        "javascript:x",
        "",
        "x",
        "HTTPS://É/ b",
    ])
    .prop_map(|url| json!(url));
    let long_url = (1_usize..4000).prop_map(|length| json!(format!("https://x/{}", "&y".repeat(length / 2))));
    let odd = prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(5.5)),
        Just(json!([[]])),
        Just(json!({}))
    ];
    let url = prop_oneof![3 => url, 1 => long_url, 1 => odd.clone()].boxed();
    let text = prop_oneof![2 => hostile().prop_map(|text| json!(text)), 2 => long, 1 => odd.clone()].boxed();
    let picture = prop_oneof![
        url.clone(),
        url.clone().prop_map(|url| json!({"url": url})),
        odd.clone()
    ]
    .boxed();
    let description = prop_oneof![
        text.clone(),
        (text.clone(), proptest::sample::select(vec!["html", "text", "x"]))
            .prop_map(|(value, format)| json!({"value": value, "format": format})),
    ];
    let style = proptest::sample::select(vec!["file", "image", "application", "link", "media", "x"]);
    let words = prop_oneof![3 => hostile().prop_map(|text| json!(text)), 1 => odd.clone()].boxed();
    let value = (
        words.clone(),
        url.clone(),
        proptest::sample::select(vec!["lozenge-error", "lozenge", "x"]),
    )
        .prop_map(|(label, url, style)| json!({"label": label, "url": url, "style": style}));
    let attribute = (words.clone(), prop_oneof![3 => value.boxed(), 1 => words.clone()])
        .prop_map(|(label, value)| json!({"label": label, "value": value}));
    let attributes = (proptest::collection::vec(attribute, 0..8), 1_usize..20)
        .prop_map(|(some, times)| json!(std::iter::repeat_n(some, times).flatten().collect::<Vec<Value>>()));
    let activity = (text.clone(), picture.clone()).prop_map(|(html, icon)| json!({"html": html, "icon": icon}));
    (
        style,
        text,
        url,
        description,
        picture.clone(),
        picture,
        prop_oneof![activity, odd],
        attributes,
    )
        .prop_map(
            |(style, title, url, description, thumbnail, icon, activity, attributes)| {
                json!({"style": style, "id": "1", "title": title, "url": url, "description": description,
                "thumbnail": thumbnail, "icon": icon, "activity": activity, "attributes": attributes})
            },
        )
}

/// Messages that are costly for careless programs: they are done in little time and little stack.
#[test]
fn hostile_shapes_are_cheap() {
    let fill = |piece: &str| piece.repeat(10_000 / piece.len());
    let mut sources: Vec<String> = [
        "<b>",
        "<b><i>",
        "</b>",
        "<a>",
        "<a href='http://x'>",
        "<ul><li>",
        "<li>",
        "<p>",
        "<table>",
        "<table><tr><td>",
        "<td>",
        "<tr><td>x",
        "<pre>",
        "<code>`",
        "<div><p>",
        "<h1>",
        "<!--",
        "<!",
        "</",
        "<",
        "&",
        "&amp;",
        "&#60;",
        "&#1114111;",
        "<x ",
        "<a \"",
        "<a href=",
        "<title>",
        "<head>",
        "<script>",
        "</head>",
        "<img alt=x>",
        "<br>",
        "```",
        "*_",
        "@chris ",
        "@",
        "(success)",
        "(",
        ":)",
        " :)",
        "http://",
        "http://x ",
        "/code ",
        "\u{200b}",
        "\u{301}",
        "\u{202e}",
        "👩\u{200d}",
        "<font></b>",
        "<a href=http://x></a><br>",
        "<table><td><pre>",
        "<td colspan=9 rowspan=99>",
    ]
    .iter()
    .map(|piece| fill(piece))
    .collect();
    sources.push(format!(
        "{}{}",
        "<i>".repeat(700) + &"<b>".repeat(1600),
        "</i>".repeat(700)
    ));
    sources.push(format!("<table>{}", "<tr><td rowspan=999>x<td>y".repeat(380)));
    let small_stack = std::thread::Builder::new().stack_size(256 * 1024);
    let all = small_stack.spawn(move || {
        for source in &sources {
            let started = std::time::Instant::now();
            for format in [Format::Html, Format::Text, Format::Said] {
                let rendered = render_with(source, format, Ping::Channel, true);
                assert!(!lay_out(&rendered.atoms, LIMIT, MAX_PARTS).truncated);
            }
            // A careful program takes a hundredth of it.
            let piece: String = source.chars().take(30).collect();
            assert!(started.elapsed().as_secs() < 5, "{piece} took {:?}", started.elapsed());
        }
    });
    all.unwrap().join().unwrap();
}
