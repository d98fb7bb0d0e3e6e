//! HTML messages: tokens -> lines -> markup.
//!
//! `tokens` reads the source by the rules of the HTML standard and keeps as text what is no HTML; `collect` gathers
//! styled lines while `follow` follows the elements, with `stack` and `table`; `write` turns them into Slack's markup.

mod collect;
mod element;
mod follow;
mod grid;
mod line;
mod stack;
mod table;
mod tokens;
mod write;

use std::borrow::Cow;

use super::Rendered;
use crate::rooms::Ping;

/// Renders an HTML message. Nothing in it calls anybody.
pub(super) fn render(message: &str, strict: bool) -> Rendered {
    let source = normalized(message);
    let document = collect::collect(&source);
    Rendered {
        atoms: write::markup(&document, strict),
        plain: write::plain(&document),
        ping: Ping::None,
    }
}

/// The text with line ends as `\n`, and without other control characters but tabs.
pub(super) fn normalized(text: &str) -> Cow<'_, str> {
    if !text.contains(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\t')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => {
                letters.next_if_eq(&'\n');
                out.push('\n');
            }
            '\n' | '\t' => out.push(letter),
            '\u{c}' | '\u{85}' => out.push(' '),
            control if control.is_control() => {}
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod table_tests;
