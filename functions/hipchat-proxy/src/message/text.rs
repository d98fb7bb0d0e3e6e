//! Messages in text format: escaped, line ends kept, mentions and emoticons put in, URLs left bare.

use super::markup::escape_into;
use super::mention::{self, Mentioned};
use super::{Atom, Rendered, Rules, emoticon};
use crate::rooms::Ping;

const SCHEMES: [&str; 4] = ["http://", "https://", "ftp://", "mailto:"];

/// Renders a text message.
pub(super) fn render(message: &str, rules: Rules<'_>) -> Rendered {
    let message = super::html::normalized(message);
    let mut writer = Writer {
        atoms: Vec::new(),
        text: String::with_capacity(message.len() + 16),
        ping: Ping::None,
        strict: rules.strict,
    };
    let mut rest = message.as_ref();
    let mut before = None;
    // Whether the text so far is the inside of a URL is known from where it began: one is taken at once.
    while let Some(letter) = rest.chars().next() {
        let length = match writer.special(rest, letter, before, rules) {
            Some(length) => length,
            None => writer.plain(rest, letter),
        };
        before = rest.get(..length).and_then(|taken| taken.chars().next_back());
        rest = rest.get(length..).unwrap_or_default();
    }
    writer.flush();
    let blank = message.trim().is_empty();
    Rendered {
        atoms: if blank { Vec::new() } else { writer.atoms },
        plain: message.trim().to_owned(),
        ping: writer.ping,
    }
}

struct Writer {
    atoms: Vec<Atom>,
    /// Escaped text that is not yet an atom.
    text: String,
    ping: Ping,
    strict: bool,
}

impl Writer {
    /// Writes what is more than a character of text, and tells how many bytes it took.
    fn special(&mut self, rest: &str, letter: char, before: Option<char>, rules: Rules<'_>) -> Option<usize> {
        match letter {
            '\n' => {
                self.push(Atom::Newline);
                Some(1)
            }
            '@' if mention::may_follow(before) => {
                let name = mention::name_at(rest)?;
                let token = match rules.people.resolve(name, rules.mentions)? {
                    Mentioned::Person(token) => token,
                    Mentioned::Room(ping) => {
                        self.ping = self.ping.max(ping);
                        ping.token().to_owned()
                    }
                };
                self.push(Atom::Token(token));
                Some(name.len() + 1)
            }
            '(' => {
                let (length, emoji) = emoticon::word_at(rest)?;
                self.push(Atom::Token(emoji.to_owned()));
                Some(length)
            }
            ':' | ';' | '<' => {
                let (length, emoji) = emoticon::smiley_at(rest, before)?;
                self.push(Atom::Token(emoji.to_owned()));
                Some(length)
            }
            'h' | 'H' | 'f' | 'F' | 'm' | 'M' if !before.is_some_and(char::is_alphanumeric) => {
                let length = url_length(rest)?;
                // Not strict: a space of no width would break the URL.
                escape_into(rest.get(..length)?, false, &mut self.text);
                Some(length)
            }
            _ => None,
        }
    }

    /// Writes a character and those behind it that cannot be more than text, and tells how many bytes that took.
    fn plain(&mut self, rest: &str, letter: char) -> usize {
        let first = letter.len_utf8();
        let behind = rest.get(first..).unwrap_or_default();
        let length = first + behind.find(begins_more).unwrap_or(behind.len());
        escape_into(rest.get(..length).unwrap_or_default(), self.strict, &mut self.text);
        length
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.atoms.push(Atom::Text(std::mem::take(&mut self.text)));
        }
    }

    fn push(&mut self, atom: Atom) {
        self.flush();
        self.atoms.push(atom);
    }
}

/// Whether more than a character of text may begin here.
fn begins_more(letter: char) -> bool {
    matches!(
        letter,
        '\n' | '@' | '(' | ':' | ';' | '<' | 'h' | 'H' | 'f' | 'F' | 'm' | 'M'
    )
}

/// How long the URL is that `text` begins with: to the next white space, quotation mark or angle bracket.
fn url_length(text: &str) -> Option<usize> {
    let scheme = SCHEMES.iter().find(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })?;
    let end = text
        .find(|letter: char| letter.is_whitespace() || matches!(letter, '<' | '>' | '"'))
        .unwrap_or(text.len());
    (end > scheme.len()).then_some(end)
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
