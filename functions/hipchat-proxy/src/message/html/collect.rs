//! Pieces of HTML -> lines of styled runs: white space collapsed, every style known by its run. What the elements do
//! to them stands in `follow`.

use super::element::Element;
use super::line::{Line, Lines, Look, Run, trim};
use super::stack::Stack;
use super::table::Table;
use super::tokens::{Piece, pieces};

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
pub(super) struct Collector {
    done: Lines,
    /// Which links have a text or image.
    shown: Vec<bool>,
    pub(super) open: Stack,
    /// The tables that are being read, the innermost last.
    pub(super) tables: Vec<Table>,
    /// How many tables are within them and not followed.
    pub(super) deep_tables: usize,
    runs: Vec<Run>,
    pub(super) prefix: String,
    /// A blank line is due before the next one.
    pub(super) blank_due: bool,
    /// White space came, in a text of this look; it counts only between two words of a line.
    space_due: Option<Look>,
    pub(super) pre: Option<String>,
    /// The element whose content is left out.
    pub(super) hidden: Option<Element>,
}

impl Collector {
    pub(super) fn text(&mut self, text: &str) {
        if self.hidden.is_some() {
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

    pub(super) fn space(&mut self) {
        if !self.runs.is_empty() {
            let look = self.open.look();
            self.space_due.get_or_insert(look);
        }
    }

    pub(super) fn word(&mut self, word: &str) {
        self.due_space();
        let look = self.open.look();
        self.append(word, look);
    }

    fn due_space(&mut self) {
        if let Some(look) = self.space_due.take() {
            self.append(" ", look);
        }
    }

    fn append(&mut self, text: &str, (style, link): Look) {
        if let Some(shown) = link.and_then(|link| self.shown.get_mut(link)) {
            *shown = true;
        }
        match self.runs.last_mut() {
            Some(run) if run.style == style && run.link == link => run.text.push_str(text),
            _ => self.runs.push(Run {
                text: text.to_owned(),
                style,
                link,
            }),
        }
    }

    /// Whether the line holds anything.
    pub(super) fn in_line(&self) -> bool {
        !self.runs.is_empty()
    }

    /// Notes where a link leads.
    pub(super) fn add_link(&mut self, address: String) -> usize {
        self.done.links.push(address);
        self.shown.push(false);
        self.done.links.len() - 1
    }

    /// A link without any text shows its address.
    pub(super) fn name_empty_link(&mut self) {
        let Some((style, Some(link))) = self.open.innermost(Element::Link) else {
            return;
        };
        if self.shown.get(link) == Some(&false) {
            self.due_space();
            self.append("", (style, Some(link)));
        }
    }

    /// Ends the line if it holds anything. A paragraph or heading asks for a blank line too.
    pub(super) fn break_line(&mut self, element: Element) {
        if self.in_line() {
            self.push_line();
        }
        self.space_due = None;
        self.blank_due |= matches!(element, Element::Paragraph | Element::Heading) && !self.open.has(Element::Item);
    }

    /// Ends the line, which may be blank.
    pub(super) fn push_line(&mut self) {
        self.space_due = None;
        let runs = std::mem::take(&mut self.runs);
        let prefix = if runs.is_empty() {
            String::new()
        } else {
            std::mem::take(&mut self.prefix)
        };
        self.push_done(Line::Runs { prefix, runs });
    }

    /// Ends a preformatted text.
    pub(super) fn close_pre(&mut self) {
        let Some(text) = self.pre.take() else { return };
        // HTML drops the line end right behind the tag; Slack would show those at the end.
        let text = text.strip_prefix('\n').unwrap_or(&text).trim_end();
        if !text.trim().is_empty() {
            self.push_done(Line::Pre(text.to_owned()));
        }
    }

    pub(super) fn push_done(&mut self, line: Line) {
        let is_due = std::mem::take(&mut self.blank_due);
        let cell = self.tables.iter_mut().rev().find_map(Table::cell_lines);
        let lines = cell.unwrap_or(&mut self.done.lines);
        if is_due && lines.last().is_some_and(|last| !last.is_blank()) && !line.is_blank() {
            lines.push(Line::blank());
        }
        lines.push(line);
    }

    fn finish(mut self) -> Lines {
        self.close_pre();
        self.name_empty_link();
        while !self.tables.is_empty() {
            self.close_table();
        }
        self.break_line(Element::Block);
        trim(&mut self.done.lines);
        self.done
    }
}

/// HTML's white space; a no-break space is a character.
fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n')
}
