//! Source -> text, start tags and end tags, by the tokenizer of the HTML standard
//! (<https://html.spec.whatwg.org/multipage/parsing.html#tokenization>). It decodes entities once. What it takes for
//! markup and is none, such as `<unknown@host>`, `<!channel>` or the `<b && c>` of a program, and what it drops because a
//! tag never ends, comes out as text: a message loses nothing.

use html5gum::{DefaultEmitter, Span, State, Token, Tokenizer};

use super::element::Element;

/// A piece of an HTML message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text with its entities decoded.
    Text(String),
    /// The start of an element.
    Start(Element, Attributes),
    /// The end of an element.
    End(Element),
}

/// The attributes that matter, entities decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    /// Where a link leads.
    pub(super) href: Option<String>,
    /// Where an image is.
    pub(super) src: Option<String>,
    /// What stands for an image.
    pub(super) alt: Option<String>,
    /// Over how many columns a cell reaches.
    pub(super) colspan: Option<String>,
    /// Over how many rows a cell reaches.
    pub(super) rowspan: Option<String>,
}

/// How often a tag that never ends is taken for text and the rest read again. More of them are text to the end.
const RETRIES: usize = 4;

/// Reads a whole message. `source` has `\n` for line ends and no control characters.
pub(super) fn pieces(source: &str) -> Vec<Piece> {
    let mut hiding = Vec::new();
    let pieces = all_pieces(source, &mut hiding);
    show_unended(pieces, hiding)
}

/// Reads a whole message. `hiding` is where the elements begin that are left out with their content, and how each is
/// written.
fn all_pieces(source: &str, hiding: &mut Vec<(usize, String)>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    // The tokenizer drops this one without a trace.
    let source = source.replace("</>", "&lt;/&gt;");
    let ends = Ends::of(&source);
    let mut rest = source.as_str();
    for _ in 0..RETRIES {
        match read(rest, &ends, source.len() - rest.len(), &mut pieces, hiding) {
            None => return pieces,
            // The `<` that opened it is a character like any other.
            Some(unended) => match unended.strip_prefix('<') {
                Some(after) => {
                    push_text(&mut pieces, "<");
                    rest = after;
                }
                None => {
                    push_text(&mut pieces, unended);
                    return pieces;
                }
            },
        }
    }
    push_text(&mut pieces, rest);
    pieces
}

/// Reads until the end, or to a tag that does not end, which is given back with everything behind it. The source
/// begins at `offset` of the whole.
fn read<'a>(
    source: &'a str,
    ends: &Ends,
    offset: usize,
    pieces: &mut Vec<Piece>,
    hiding: &mut Vec<(usize, String)>,
) -> Option<&'a str> {
    let mut tokenizer = Tokenizer::new_with_emitter(source, DefaultEmitter::<usize>::new_with_span());
    let mut taken = 0;
    while let Some(Ok(token)) = tokenizer.next() {
        let span = span_of(&token);
        if let Some(span) = span {
            taken = span.end.max(taken);
        }
        let literal = span
            .and_then(|span| source.get(span.start..span.end))
            .unwrap_or_default();
        match token {
            Token::String(text) => push_text(pieces, &String::from_utf8_lossy(&text)),
            Token::StartTag(tag) => match Element::of(&tag.name) {
                None => push_text(pieces, literal),
                Some(_) if !tag.attributes.keys().all(|name| is_attribute(name)) => push_text(pieces, literal),
                // Without an end, all the rest of the message would be hidden: then it was not meant as HTML.
                Some(Element::Hidden) if !ends.behind(&tag.name, offset + tag.span.start) => {
                    push_text(pieces, literal);
                }
                Some(Element::Head) if !ends.behind(&tag.name, offset + tag.span.start) => {}
                Some(element) => {
                    if let Some(state) = inner_state(&tag.name) {
                        tokenizer.set_state(state);
                    }
                    let attribute = |name: &[u8]| {
                        let value = tag.attributes.get(name)?;
                        Some(String::from_utf8_lossy(value).into_owned())
                    };
                    let attributes = Attributes {
                        href: attribute(b"href"),
                        src: attribute(b"src"),
                        alt: attribute(b"alt"),
                        colspan: attribute(b"colspan"),
                        rowspan: attribute(b"rowspan"),
                    };
                    if matches!(element, Element::Hidden | Element::Head) {
                        hiding.push((pieces.len(), literal.to_owned()));
                    }
                    pieces.push(Piece::Start(element, attributes));
                }
            },
            Token::EndTag(tag) => match Element::of(&tag.name) {
                None => push_text(pieces, literal),
                Some(element) => pieces.push(Piece::End(element)),
            },
            Token::Comment(_) if is_comment(literal) => {}
            Token::Comment(_) => push_text(pieces, literal),
            Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    source.get(taken..).filter(|rest| !rest.is_empty())
}

/// Takes back what hides all the rest: the end tag that was seen in the source was none, but stood in a comment, say.
fn show_unended(pieces: Vec<Piece>, hiding: Vec<(usize, String)>) -> Vec<Piece> {
    let last = |element| pieces.iter().rposition(|piece| *piece == Piece::End(element));
    let (hidden_end, head_end) = (last(Element::Hidden), last(Element::Head));
    let mut hiding = hiding.into_iter().peekable();
    let mut shown = Vec::with_capacity(pieces.len());
    for (at, piece) in pieces.into_iter().enumerate() {
        let start = hiding.next_if(|(start, _)| *start == at);
        match (piece, start) {
            (Piece::Start(Element::Head, _), Some(_)) if head_end < Some(at) => {}
            (Piece::Start(Element::Hidden, _), Some((_, literal))) if hidden_end < Some(at) => {
                push_text(&mut shown, &literal);
            }
            (Piece::Text(text), _) => push_text(&mut shown, &text),
            (piece, _) => shown.push(piece),
        }
    }
    shown
}

/// Where the last end tags are of those elements that are left out with their content.
struct Ends([(&'static str, Option<usize>); 4]);

impl Ends {
    fn of(source: &str) -> Self {
        let mut ends = Self(["head", "script", "style", "title"].map(|name| (name, None)));
        for (at, _) in source.match_indices("</") {
            let after = source.get(at + 2..).unwrap_or_default();
            for (name, last) in &mut ends.0 {
                let is_name = after
                    .get(..name.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(name));
                let ends_there = after
                    .get(name.len()..)
                    .is_some_and(|rest| rest.starts_with([' ', '\t', '\n', '/', '>']));
                if is_name && ends_there {
                    *last = Some(at);
                }
            }
        }
        ends
    }

    /// Whether the end of an element comes behind `start`.
    fn behind(&self, element: &[u8], start: usize) -> bool {
        let known = self.0.iter().find(|(name, _)| name.as_bytes() == element);
        known.is_some_and(|(_, last)| *last > Some(start))
    }
}

fn span_of(token: &Token<usize>) -> Option<Span<usize>> {
    match token {
        Token::StartTag(tag) => Some(tag.span),
        Token::EndTag(tag) => Some(tag.span),
        Token::String(text) => Some(text.span),
        Token::Comment(comment) => Some(comment.span),
        Token::Doctype(doctype) => Some(doctype.span),
        Token::Error(_) => None,
    }
}

/// Whether an attribute may be called so. Quotes are those that were one too many.
fn is_attribute(name: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b":_.-\"'".contains(byte);
    name.iter().all(fits)
}

/// A comment that was meant as one, and ends.
fn is_comment(source: &str) -> bool {
    source.starts_with("<!--") && (source.ends_with("-->") || source.ends_with("--!>"))
}

/// Elements whose content is not HTML
/// (<https://html.spec.whatwg.org/multipage/parsing.html#parsing-html-fragments>).
fn inner_state(name: &[u8]) -> Option<State> {
    match name {
        b"title" | b"textarea" => Some(State::RcData),
        b"script" => Some(State::ScriptData),
        b"style" | b"xmp" => Some(State::RawText),
        _ => None,
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if text.is_empty() {
        return;
    }
    if let Some(Piece::Text(before)) = pieces.last_mut() {
        before.push_str(text);
    } else {
        pieces.push(Piece::Text(text.to_owned()));
    }
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
