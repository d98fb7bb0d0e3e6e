//! Lines -> Slack's markup. Marks are opened at a word and closed behind one, so that no space is inside their edges,
//! no pair is empty and none reaches over a line's end.

use super::line::{Line, Lines, Run, Style};
use crate::message::link::{escape_address, fits, link};
use crate::message::markup::{ZERO_WIDTH_SPACE, escape_into, fence};
use crate::message::{Atom, Mark};

/// All marks, the outermost first.
const MARKS: [Mark; 4] = [Mark::Bold, Mark::Italic, Mark::Strike, Mark::Code];

/// The markup of a message.
pub(super) fn markup(document: &Lines, strict: bool) -> Vec<Atom> {
    let mut writer = Writer {
        atoms: Vec::new(),
        text: String::new(),
        links: &document.links,
        linked: vec![false; document.links.len()],
        strict,
        open: Vec::new(),
        last: None,
    };
    for (at, line) in document.lines.iter().enumerate() {
        if at > 0 {
            writer.push(Atom::Newline);
        }
        match line {
            Line::Runs { prefix, runs } => writer.line(prefix, runs),
            Line::Pre(text) => {
                writer.flush();
                fence(text, &mut writer.atoms);
            }
        }
    }
    writer.flush();
    writer.atoms
}

/// The visible text of a message.
pub(super) fn plain(document: &Lines) -> String {
    let mut out = String::new();
    for (at, line) in document.lines.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        match line {
            Line::Runs { prefix, runs } => {
                out.push_str(prefix);
                for run in runs {
                    out.push_str(&run.text);
                    if let Some(address) = run.link.and_then(|link| document.links.get(link))
                        && run.text.trim().is_empty()
                    {
                        out.push_str(address);
                    }
                }
            }
            Line::Pre(text) => out.push_str(text),
        }
    }
    out
}

struct Writer<'a> {
    atoms: Vec<Atom>,
    /// Escaped text that is not yet an atom.
    text: String,
    links: &'a [String],
    /// Which links have been written: an address stands in the markup once.
    linked: Vec<bool>,
    strict: bool,
    open: Vec<Mark>,
    /// The last character written on this line.
    last: Option<char>,
}

impl Writer<'_> {
    fn line(&mut self, prefix: &str, runs: &[Run]) {
        self.last = None;
        if !prefix.is_empty() {
            self.text.push_str(prefix);
        }
        let mut rest = runs;
        // A space is written with what comes behind it.
        let mut space = false;
        while let Some(run) = rest.first() {
            let count = match run.link {
                None => 1,
                Some(_) => rest.iter().take_while(|other| other.link == run.link).count(),
            };
            let (group, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            match run.link.filter(|link| self.is_due(*link)) {
                Some(link) => self.link(link, group, &mut space),
                None => group
                    .iter()
                    .for_each(|run| self.words(&run.text, run.style, &mut space)),
            }
            rest = after;
        }
        self.close_all_but(Style::default());
    }

    fn is_due(&self, link: usize) -> bool {
        self.linked.get(link) == Some(&false)
    }

    fn words(&mut self, text: &str, style: Style, space: &mut bool) {
        for (at, word) in text.split(' ').enumerate() {
            if at > 0 {
                // A space belongs to its own text: marks that do not hold for it end before it.
                self.close_all_but(style);
                *space = true;
            }
            if word.is_empty() {
                continue;
            }
            self.place(style, word.chars().next(), space);
            self.last = word.chars().next_back();
            if style.code {
                // Nothing ends code but a backtick.
                escape_into(&word.replace('`', "'"), false, &mut self.text);
            } else {
                escape_into(word, self.strict, &mut self.text);
            }
        }
    }

    fn link(&mut self, number: usize, group: &[Run], space: &mut bool) {
        let Some(address) = self.links.get(number) else { return };
        let text: String = group.iter().map(|run| run.text.as_str()).collect();
        *space |= text.starts_with(' ');
        // Marks inside a label would be shown: those that hold for all of it stand around it.
        let style = group
            .iter()
            .map(|run| run.style)
            .reduce(Style::common)
            .unwrap_or_default();
        if style.code {
            // A link inside code would be shown as it is written.
            group.iter().for_each(|run| self.words(&run.text, run.style, space));
            if text.trim().is_empty() {
                self.words(address, style, space);
            }
            return;
        }
        if let Some(linked) = self.linked.get_mut(number) {
            *linked = true;
        }
        if !fits(address) {
            if text.trim() != address {
                group.iter().for_each(|run| self.words(&run.text, run.style, space));
            }
            *space |= self.last.is_some();
            self.place(Style::default(), address.chars().next(), space);
            self.text.push_str(&escape_address(address));
            self.last = address.chars().next_back();
            // What comes behind it is no part of it.
            *space = true;
            return;
        }
        let (token, rest) = link(address, &text, self.strict);
        self.place(style, Some('<'), space);
        self.push(Atom::Token(token));
        self.last = Some('>');
        self.words(rest, style, space);
        *space |= text.ends_with(' ');
    }

    /// Brings the marks to what `style` asks for, with the space that is due where it belongs: outside of them.
    fn place(&mut self, style: Style, next: Option<char>, space: &mut bool) {
        let closed = self.close_all_but(style);
        let opens = MARKS
            .into_iter()
            .any(|mark| style.has(mark) && !self.open.contains(&mark));
        if std::mem::take(space) {
            self.text.push(' ');
        } else if (closed && next.is_some_and(char::is_alphanumeric))
            || (opens && self.last.is_some_and(char::is_alphanumeric))
        {
            // Slack reads a mark only at a word's edge.
            self.text.push_str(ZERO_WIDTH_SPACE);
        }
        for mark in MARKS {
            if style.has(mark) && !self.open.contains(&mark) {
                self.open.push(mark);
                self.push(Atom::Open(mark));
            }
        }
    }

    /// Closes the marks that do not hold for `style`, and those inside of them; whether there were any.
    fn close_all_but(&mut self, style: Style) -> bool {
        let kept = self.open.iter().take_while(|mark| style.has(**mark)).count();
        let closes = kept < self.open.len();
        while self.open.len() > kept
            && let Some(mark) = self.open.pop()
        {
            self.push(Atom::Close(mark));
        }
        closes
    }

    fn push(&mut self, atom: Atom) {
        self.flush();
        self.atoms.push(atom);
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.atoms.push(Atom::Text(std::mem::take(&mut self.text)));
        }
    }
}

impl Style {
    fn has(self, mark: Mark) -> bool {
        match mark {
            Mark::Bold => self.bold,
            Mark::Italic => self.italic,
            Mark::Strike => self.strike,
            Mark::Code => self.code,
        }
    }

    fn common(self, other: Self) -> Self {
        Self {
            bold: self.bold && other.bold,
            italic: self.italic && other.italic,
            strike: self.strike && other.strike,
            code: self.code && other.code,
        }
    }
}
