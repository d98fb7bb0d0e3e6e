//! Messages in text format: escaped, line ends kept, mentions and emoticons put in, URLs left bare.

use super::link::{address, link};
use super::markup::{escape_into, fence};
use super::mention::{self, Mentioned};
use super::{Atom, Mark, Rendered, Rules, emoticon};
use crate::rooms::Ping;

const SCHEMES: [&str; 4] = ["http://", "https://", "ftp://", "mailto:"];

/// Renders a text message.
pub(super) fn render(message: &str, rules: Rules<'_>) -> Rendered {
    rendered(&super::html::normalized(message), rules, false)
}

/// Renders a text where Slack looks for no URLs by itself: they become links.
pub(super) fn render_linked(message: &str, rules: Rules<'_>) -> Rendered {
    rendered(&super::html::normalized(message), rules, true)
}

/// Renders what a person says: a text, or one of the commands that HipChat's own clients knew.
pub(super) fn render_said(message: &str, rules: Rules<'_>) -> Rendered {
    let message = super::html::normalized(message);
    if let Some(code) = command(&message, "/code") {
        let mut atoms = Vec::new();
        fence(code, &mut atoms);
        return Rendered {
            atoms,
            plain: code.to_owned(),
            ping: Ping::None,
        };
    }
    if let Some(quote) = command(&message, "/quote") {
        let quote = quote.trim();
        return each_line(rendered(quote, rules, false), |line| {
            line.insert(0, Atom::Quote);
        });
    }
    if let Some(act) = command(&message, "/me") {
        // Slack reads no mark beside a space.
        let lines: Vec<&str> = act.trim().lines().map(str::trim).collect();
        return each_line(rendered(&lines.join("\n"), rules, false), |line| {
            if !line.is_empty() {
                line.insert(0, Atom::Open(Mark::Italic));
                line.push(Atom::Close(Mark::Italic));
            }
        });
    }
    rendered(&message, rules, false)
}

/// What follows a command at a message's start: one space or line end behind it is no part of that.
fn command<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    let rest = message.strip_prefix(name)?;
    let content = rest.strip_prefix([' ', '\n', '\t'])?;
    (!content.trim().is_empty()).then(|| content.trim_end().trim_start_matches('\n'))
}

/// Changes every line of a rendered text.
fn each_line(mut rendered: Rendered, change: impl Fn(&mut Vec<Atom>)) -> Rendered {
    let mut lines = vec![Vec::new()];
    for atom in rendered.atoms {
        match (atom, lines.last_mut()) {
            (Atom::Newline, _) | (_, None) => lines.push(Vec::new()),
            (atom, Some(line)) => line.push(atom),
        }
    }
    rendered.atoms = Vec::new();
    for (at, mut line) in lines.into_iter().enumerate() {
        if at > 0 {
            rendered.atoms.push(Atom::Newline);
        }
        change(&mut line);
        rendered.atoms.append(&mut line);
    }
    rendered
}

fn rendered(message: &str, rules: Rules<'_>, link_urls: bool) -> Rendered {
    let mut writer = Writer {
        atoms: Vec::new(),
        text: String::with_capacity(message.len() + 16),
        ping: Ping::None,
        rules,
        link_urls,
    };
    let mut rest = message;
    let mut before = None;
    // Whether the text so far is the inside of a URL is known from where it began: one is taken at once.
    while let Some(letter) = rest.chars().next() {
        let length = match writer.special(rest, letter, before) {
            Some(length) => length,
            None => writer.plain(rest, letter),
        };
        before = rest.get(..length).and_then(|taken| taken.chars().next_back());
        rest = rest.get(length..).unwrap_or_default();
    }
    writer.flush();
    Rendered {
        atoms: writer.atoms,
        plain: message.trim().to_owned(),
        ping: writer.ping,
    }
}

struct Writer<'a> {
    atoms: Vec<Atom>,
    /// Escaped text that is not yet an atom.
    text: String,
    ping: Ping,
    rules: Rules<'a>,
    link_urls: bool,
}

impl Writer<'_> {
    /// Writes what is more than a character of text, and tells how many bytes it took.
    fn special(&mut self, rest: &str, letter: char, before: Option<char>) -> Option<usize> {
        match letter {
            '\n' => {
                self.push(Atom::Newline);
                Some(1)
            }
            '@' if mention::may_follow(before) => {
                let name = mention::name_at(rest)?;
                let token = match self.rules.people.resolve(name, self.rules.mentions)? {
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
                let (length, shown) = self.rules.emoticons.word_at(rest)?;
                self.push(Atom::Token(shown.to_owned()));
                Some(length)
            }
            ':' | ';' | '<' => {
                let (length, emoji) = emoticon::smiley_at(rest, before)?;
                self.push(Atom::Token(emoji.to_owned()));
                Some(length)
            }
            'h' | 'H' | 'f' | 'F' | 'm' | 'M' if !before.is_some_and(char::is_alphanumeric) => {
                let length = url_length(rest)?;
                self.url(rest.get(..length)?);
                Some(length)
            }
            _ => None,
        }
    }

    fn url(&mut self, url: &str) {
        // What ends a sentence is no part of the URL that it ends with.
        let address =
            address(url.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', ')'])).filter(|_| self.link_urls);
        match address {
            Some(address) => {
                self.push(Atom::Token(link(&address, "", false).0));
                let behind = url.get(address.len()..).unwrap_or_default();
                escape_into(behind, self.rules.strict, &mut self.text);
            }
            // Not strict: a space of no width would break the URL.
            None => escape_into(url, false, &mut self.text),
        }
    }

    /// Writes a character and those behind it that cannot be more than text, and tells how many bytes that took.
    fn plain(&mut self, rest: &str, letter: char) -> usize {
        let first = letter.len_utf8();
        let behind = rest.get(first..).unwrap_or_default();
        let length = first + behind.find(begins_more).unwrap_or(behind.len());
        escape_into(
            rest.get(..length).unwrap_or_default(),
            self.rules.strict,
            &mut self.text,
        );
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
