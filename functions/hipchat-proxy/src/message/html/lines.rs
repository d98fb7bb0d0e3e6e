//! Pieces of HTML -> lines of styled runs: white space collapsed, elements followed, every style known by its run.

use super::element::Element;
use super::tokens::{Attributes, Piece, pieces};

/// How deep lists are indented at most, so that a short message cannot become a huge one.
const MAX_INDENT: usize = 8;

/// How a run looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Style {
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) strike: bool,
    pub(super) code: bool,
}

/// A style and a link.
type Look = (Style, Option<usize>);

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

struct Open {
    element: Element,
    style: Style,
    link: Option<usize>,
    /// How many items an ordered list has had.
    count: usize,
}

#[derive(Default)]
struct Collector {
    done: Lines,
    open: Vec<Open>,
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
            let look = self.look();
            self.space_due.get_or_insert(look);
        }
    }

    fn word(&mut self, word: &str) {
        let look = self.look();
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

    fn look(&self) -> Look {
        self.open.last().map(|open| (open.style, open.link)).unwrap_or_default()
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
                self.close(Element::Item, |open| {
                    matches!(open, Element::Bullets | Element::Numbers)
                });
                self.prefix = self.item_prefix();
                self.push(element, attributes);
            }
            Element::Paragraph => {
                self.close(Element::Paragraph, |_| false);
                self.push(element, attributes);
            }
            Element::Link => {
                self.close(Element::Link, |_| false);
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

    fn push(&mut self, element: Element, attributes: &Attributes) {
        let (mut style, mut link) = self.look();
        // Slack formats nothing inside code.
        if !style.code {
            match element {
                Element::Bold | Element::Heading => style.bold = true,
                Element::Italic => style.italic = true,
                Element::Strike => style.strike = true,
                Element::Code => style.code = true,
                Element::Link => {
                    link = attributes.href.as_deref().and_then(address).map(|address| {
                        self.done.links.push(address);
                        self.done.links.len() - 1
                    });
                }
                _ => {}
            }
        }
        self.open.push(Open {
            element,
            style,
            link,
            count: 0,
        });
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
        if element == Element::Link {
            self.name_empty_link();
        }
        self.close(element, |_| false);
    }

    /// Closes the innermost open `element`, unless a `barrier` is nearer. What was opened inside and is still open,
    /// stays open without its look, as browsers do with formatting that is not nested.
    fn close(&mut self, element: Element, barrier: impl Fn(Element) -> bool) {
        let Some(at) = self
            .open
            .iter()
            .rposition(|open| open.element == element || barrier(open.element))
        else {
            return;
        };
        if self.open.get(at).is_none_or(|open| open.element != element) {
            return;
        }
        let (mut style, mut link) = at
            .checked_sub(1)
            .and_then(|below| self.open.get(below))
            .map(|open| (open.style, open.link))
            .unwrap_or_default();
        let closed = self.open.remove(at);
        for open in self.open.iter_mut().skip(at) {
            match open.element {
                Element::Bold | Element::Heading => style.bold |= !style.code,
                Element::Italic => style.italic |= !style.code,
                Element::Strike => style.strike |= !style.code,
                Element::Code => style.code = true,
                Element::Link if closed.element != Element::Link => link = open.link,
                _ => {}
            }
            open.style = style;
            open.link = link;
        }
    }

    /// A link without any text shows its address.
    fn name_empty_link(&mut self) {
        let Some(open) = self.open.iter().rfind(|open| open.element == Element::Link) else {
            return;
        };
        let (Some(link), style) = (open.link, open.style) else {
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
        let (style, link) = self.look();
        match (source, alt) {
            (Some(source), alt) if link.is_none() && !style.code => {
                self.done.links.push(source);
                self.open.push(Open {
                    element: Element::Image,
                    style,
                    link: Some(self.done.links.len() - 1),
                    count: 0,
                });
                self.text(alt.unwrap_or("image"));
                self.open.pop();
            }
            (_, Some(alt)) => self.text(alt),
            (_, None) => {}
        }
    }

    fn item_prefix(&mut self) -> String {
        let depth = self
            .open
            .iter()
            .filter(|open| matches!(open.element, Element::Bullets | Element::Numbers))
            .count();
        let indent = "    ".repeat(depth.saturating_sub(1).min(MAX_INDENT));
        let list = self
            .open
            .iter_mut()
            .rfind(|open| matches!(open.element, Element::Bullets | Element::Numbers));
        match list {
            Some(list) if list.element == Element::Numbers => {
                list.count += 1;
                format!("{indent}{}. ", list.count)
            }
            _ => format!("{indent}• "),
        }
    }

    /// Ends the line if it holds anything. A paragraph or heading asks for a blank line too.
    fn break_line(&mut self, element: Element) {
        if !self.runs.is_empty() {
            self.push_line();
        }
        self.space_due = None;
        self.blank_due |= matches!(element, Element::Paragraph | Element::Heading) && self.prefix.is_empty();
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

/// The address of a link, if Slack may show it as one: absolute, of a scheme that is safe to click, not longer than
/// Slack takes.
fn address(address: &str) -> Option<String> {
    const SCHEMES: [&str; 4] = ["http://", "https://", "mailto:", "ftp://"];
    const LONGEST: usize = 3000;
    let address: String = address.trim().chars().filter(|letter| !letter.is_control()).collect();
    let known = SCHEMES.iter().any(|scheme| {
        let start = address.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && address.len() > scheme.len()
    });
    (known && address.len() <= LONGEST).then_some(address)
}
