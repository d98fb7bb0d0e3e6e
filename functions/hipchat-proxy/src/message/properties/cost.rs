//! The cost of hostile shapes: it grows with their length and no faster.

use super::*;

/// Family emoji, flags, a conjunct of Devanagari, marks on marks, and an escape on its own.
const CHAINS: [&str; 6] = ["👨\u{200d}", "🇩", "क\u{94d}", "e\u{301}\u{302}", "\u{600}", "&"];

/// Draws a card whose addresses are all of them this one.
fn draw_with(url: &str) {
    let card = json!({"id": "1", "style": "image", "title": "T", "url": url, "thumbnail": {"url": url}, "icon": url,
        "activity": {"html": url, "icon": url}, "description": url,
        "attributes": [{"label": "a", "value": {"label": url, "url": url}}, {"label": url, "value": {"label": "b", "url": url}}]});
    let people = Mentions::default();
    let emoticons = Emoticons::default();
    let rules = Rules {
        mentions: Ping::None,
        people: &people,
        emoticons: &emoticons,
        strict: true,
    };
    let drawn = Card::read(&card).unwrap().draw(rules);
    assert!(drawn.truncated && drawn.plain.len() < 200_000);
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
    // Characters that only their neighbours tell the end of, as many as a message holds.
    sources.extend(CHAINS.iter().map(|piece| piece.chars().cycle().take(10_000).collect()));
    let (done, progress) = std::sync::mpsc::channel();
    let pieces: Vec<String> = sources.iter().map(|source| source.chars().take(30).collect()).collect();
    let small_stack = std::thread::Builder::new().stack_size(256 * 1024);
    let urls = CHAINS.map(|piece| format!("http://x/{}", piece.repeat(300_000 / piece.len())));
    let pieces = pieces
        .into_iter()
        .chain(CHAINS.map(|piece| format!("a card of {piece}")));
    let all = small_stack.spawn(move || {
        for source in &sources {
            for format in [Format::Html, Format::Text, Format::Said] {
                let rendered = render_with(source, format, Ping::Channel, true);
                assert!(!lay_out(&rendered.atoms, LIMIT, MAX_PARTS).truncated);
            }
            done.send(()).unwrap();
        }
        for url in &urls {
            draw_with(url);
            done.send(()).unwrap();
        }
    });
    for piece in pieces {
        // A careful program takes a hundredth of it.
        let finished = progress.recv_timeout(std::time::Duration::from_secs(5));
        assert!(finished.is_ok(), "{piece} fails or takes too long");
    }
    all.unwrap().join().unwrap();
}
