//! Pieces of HTML -> lines of styled runs: white space collapsed, elements followed, every style known by its run.

use super::element::Element;
use super::stack::Stack;
use super::tokens::{Attributes, Piece, pieces};
use crate::message::link::address;

/// How a run looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Style {
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) strike: bool,
    pub(super) code: bool,
}

/// A style and a link.
pub(super) type Look = (Style, Option<usize>);

/// A text of one look, white space collapsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) style: Style,
    /// The link that the text belongs to, by its place in [`Lines::links`].
    pub(super) link: Option<usize>,
}

/// A line, or a block that keeps its white space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Runs, and the list mark that stands before them. Without both it is a blank line.
    Runs {
        /// Indentation and mark of a list's item.
        prefix: String,
        /// Texts from left to right.
        runs: Vec<Run>,
    },
    /// `<pre>`: its text, with line ends in it.
    Pre(String),
}

/// A collected message.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    /// Where links lead: only addresses that may stand in a link.
    pub(super) links: Vec<String>,
}

/// Reads a whole message.
pub(super) fn collect(source: &str) -> Lines {
    let mut collector = Collector::default();
    for piece in pieces(source) {
        match piece {
            Piece::Text(text) => collector.text(&text),
            Piece::Start(element, attributes) => collector.start(element, &attributes),
            Piece::End(element) => collector.end(element),
        }
    }
    collector.finish()
}

#[derive(Default)]
struct Collector {
    done: Lines,
    open: Stack,
    runs: Vec<Run>,
    prefix: String,
    /// A blank line is due before the next one.
    blank_due: bool,
    /// White space came, in a text of this look; it counts only between two words of a line.
    space_due: Option<Look>,
    pre: Option<String>,
    hidden: usize,
}

impl Collector {
    fn text(&mut self, text: &str) {
        if self.hidden > 0 {
            return;
        }
        if let Some(pre) = &mut self.pre {
            pre.push_str(text);
            return;
        }
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(is_space).unwrap_or(rest.len());
            let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            if !word.is_empty() {
                self.word(word);
            }
            let behind = after.trim_start_matches(is_space);
            if behind.len() < after.len() {
                self.space();
            }
            rest = behind;
        }
    }

    fn space(&mut self) {
        if !self.runs.is_empty() {
            let look = self.open.look();
            self.space_due.get_or_insert(look);
        }
    }

    fn word(&mut self, word: &str) {
        let look = self.open.look();
        if let Some(look) = self.space_due.take() {
            self.append(" ", look);
        }
        self.append(word, look);
    }

    fn append(&mut self, text: &str, (style, link): Look) {
        match self.runs.last_mut() {
            Some(run) if run.style == style && run.link == link => run.text.push_str(text),
            _ => self.runs.push(Run {
                text: text.to_owned(),
                style,
                link,
            }),
        }
    }

    fn start(&mut self, element: Element, attributes: &Attributes) {
        if self.hidden > 0 {
            return;
        }
        if self.pre.is_some() {
            self.start_in_pre(element, attributes);
            return;
        }
        if element.is_block() {
            self.break_line(element);
        }
        match element {
            Element::Break => self.push_line(),
            Element::Image => self.image(attributes),
            Element::Rule => {
                self.word("———");
                self.break_line(element);
            }
            Element::Hidden => self.hidden = 1,
            Element::Pre => self.pre = Some(String::new()),
            Element::Void => {}
            Element::Item => {
                // A new item ends the one before it, end tag or not.
                self.open.close(Element::Item, |open| {
                    matches!(open, Element::Bullets | Element::Numbers)
                });
                self.prefix = self.open.item_mark();
                self.push(element, attributes);
            }
            Element::Paragraph => {
                self.open.close(Element::Paragraph, |_| false);
                self.push(element, attributes);
            }
            Element::Link => {
                self.open.close(Element::Link, |_| false);
                self.push(element, attributes);
            }
            Element::Cell => {
                if !self.runs.is_empty() {
                    self.space();
                    self.word("|");
                    self.space();
                }
                self.push(element, attributes);
            }
            _ => self.push(element, attributes),
        }
    }

    fn start_in_pre(&mut self, element: Element, attributes: &Attributes) {
        let Some(pre) = &mut self.pre else { return };
        match element {
            Element::Break => pre.push('\n'),
            Element::Hidden => self.hidden = 1,
            Element::Image => pre.push_str(attributes.alt.as_deref().unwrap_or("image")),
            element if element.is_block() && !pre.is_empty() && !pre.ends_with('\n') => pre.push('\n'),
            _ => {}
        }
    }

    /// Opens an element; a link only where it leads to what Slack may link.
    fn push(&mut self, element: Element, attributes: &Attributes) {
        let mut link = None;
        if element == Element::Link && !self.open.look().0.code {
            link = attributes
                .href
                .as_deref()
                .and_then(address)
                .map(|address| self.add_link(address));
        }
        self.open.push(element, link);
    }

    fn add_link(&mut self, address: String) -> usize {
        self.done.links.push(address);
        self.done.links.len() - 1
    }

    fn end(&mut self, element: Element) {
        if self.hidden > 0 {
            if element == Element::Hidden {
                self.hidden = 0;
            }
            return;
        }
        if element == Element::Pre {
            if let Some(pre) = self.pre.take() {
                self.push_pre(&pre);
            }
            return;
        }
        if element == Element::Break {
            // `</br>` is a line break too.
            self.start(Element::Break, &Attributes::default());
            return;
        }
        if self.pre.is_some() || element.is_void() {
            return;
        }
        if element.is_block() {
            self.break_line(element);
        }
        match element {
            Element::Link => self.name_empty_link(),
            // The mark of an item that showed nothing is not for what comes behind it.
            Element::Item | Element::Bullets | Element::Numbers => self.prefix.clear(),
            _ => {}
        }
        self.open.close(element, |_| false);
    }

    /// A link without any text shows its address.
    fn name_empty_link(&mut self) {
        let Some((style, Some(link))) = self.open.innermost(Element::Link) else {
            return;
        };
        let shown = |runs: &[Run]| runs.iter().any(|run| run.link == Some(link));
        let before = self
            .done
            .lines
            .iter()
            .any(|line| matches!(line, Line::Runs { runs, .. } if shown(runs)));
        if before || shown(&self.runs) {
            return;
        }
        if let Some(look) = self.space_due.take() {
            self.append(" ", look);
        }
        self.runs.push(Run {
            text: String::new(),
            style,
            link: Some(link),
        });
    }

    /// An image is a link to it; within a link, and where it is an emoticon or cannot be linked, it is its `alt`.
    fn image(&mut self, attributes: &Attributes) {
        let alt = attributes.alt.as_deref().map(str::trim).filter(|alt| !alt.is_empty());
        let source = attributes.src.as_deref().and_then(address).filter(|source| {
            let is_web = source.starts_with("http://") || source.starts_with("https://");
            is_web && !source.contains("/emoticons/")
        });
        let (style, link) = self.open.look();
        match (source, alt) {
            (Some(source), alt) if link.is_none() && !style.code => {
                let link = self.add_link(source);
                self.open.push(Element::Image, Some(link));
                self.text(alt.unwrap_or("image"));
                self.open.close(Element::Image, |_| false);
            }
            (_, Some(alt)) => self.text(alt),
            (_, None) => {}
        }
    }

    /// Ends the line if it holds anything. A paragraph or heading asks for a blank line too.
    fn break_line(&mut self, element: Element) {
        if !self.runs.is_empty() {
            self.push_line();
        }
        self.space_due = None;
        self.blank_due |= matches!(element, Element::Paragraph | Element::Heading) && !self.open.has(Element::Item);
    }

    /// Ends the line, which may be blank.
    fn push_line(&mut self) {
        self.space_due = None;
        let runs = std::mem::take(&mut self.runs);
        let prefix = if runs.is_empty() {
            String::new()
        } else {
            std::mem::take(&mut self.prefix)
        };
        self.push_done(Line::Runs { prefix, runs });
    }

    fn push_pre(&mut self, text: &str) {
        // HTML drops the line end right behind the tag; Slack would show those at the end.
        let text = text.strip_prefix('\n').unwrap_or(text).trim_end();
        if !text.trim().is_empty() {
            self.push_done(Line::Pre(text.to_owned()));
        }
    }

    fn push_done(&mut self, line: Line) {
        let lines = &mut self.done.lines;
        if std::mem::take(&mut self.blank_due) && lines.last().is_some_and(|last| !is_blank(last)) && !is_blank(&line) {
            lines.push(Line::Runs {
                prefix: String::new(),
                runs: Vec::new(),
            });
        }
        lines.push(line);
    }

    fn finish(mut self) -> Lines {
        if let Some(pre) = self.pre.take() {
            self.push_pre(&pre);
        }
        self.name_empty_link();
        if !self.runs.is_empty() {
            self.push_line();
        }
        let lines = &mut self.done.lines;
        while lines.last().is_some_and(is_blank) {
            lines.pop();
        }
        let leading = lines.iter().take_while(|line| is_blank(line)).count();
        lines.drain(..leading);
        self.done
    }
}

fn is_blank(line: &Line) -> bool {
    matches!(line, Line::Runs { runs, .. } if runs.is_empty())
}

/// HTML's white space; a no-break space is a character.
fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n')
}
