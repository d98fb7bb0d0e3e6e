//! The pieces that Slack's markup is made of, and the escaping of everything that is not markup
//! (<https://docs.slack.dev/messaging/formatting-message-text>).

/// A pair of marks around a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// `*bold*`
    Bold,
    /// `_italic_`
    Italic,
    /// `~strike~`
    Strike,
    /// `` `code` ``
    Code,
}

impl Mark {
    /// The mark, which is the same at both ends.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Bold => "*",
            Self::Italic => "_",
            Self::Strike => "~",
            Self::Code => "`",
        }
    }
}

/// A piece of markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Atom {
    /// Escaped text without line breaks; it may be cut between two characters.
    Text(String),
    /// Markup that must stay whole: a link, a mention, an emoji.
    Token(String),
    /// The opening mark of a pair.
    Open(Mark),
    /// The closing mark of a pair; pairs nest and never reach over a line's end.
    Close(Mark),
    /// The end of a line.
    Newline,
    /// The line that opens a preformatted block, with its end.
    FenceOpen,
    /// The line that closes a preformatted block, with the line end before it.
    FenceClose,
    /// The sign of a quotation, at a line's start; it holds for the whole line.
    Quote,
}

impl Atom {
    /// The piece as it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(text) | Self::Token(text) => text,
            Self::Open(mark) | Self::Close(mark) => mark.sign(),
            Self::Newline => "\n",
            Self::FenceOpen => "```\n",
            Self::FenceClose => "\n```",
            Self::Quote => "> ",
        }
    }
}

/// A space of no width, which keeps two characters from being read together.
pub(super) const ZERO_WIDTH_SPACE: &str = "\u{200b}";

/// Appends a text with `&`, `<` and `>` escaped, which is all that Slack asks for. With `strict`, characters that
/// would format the text are followed by a zero-width space. Control characters but line ends and tabs are left out.
pub(super) fn escape_into(text: &str, strict: bool, out: &mut String) {
    // What needs no change is copied in runs.
    let mut copied = 0;
    for (at, letter) in text.char_indices() {
        let (instead, behind) = match letter {
            '&' => ("&amp;", ""),
            '<' => ("&lt;", ""),
            // A `>` at a line's start is a quotation even when escaped.
            '>' if strict => (ZERO_WIDTH_SPACE, "&gt;"),
            '>' => ("&gt;", ""),
            '*' if strict => ("*", ZERO_WIDTH_SPACE),
            '_' if strict => ("_", ZERO_WIDTH_SPACE),
            '~' if strict => ("~", ZERO_WIDTH_SPACE),
            '`' if strict => ("`", ZERO_WIDTH_SPACE),
            '\n' | '\t' => continue,
            control if control.is_control() => ("", ""),
            _ => continue,
        };
        out.push_str(text.get(copied..at).unwrap_or_default());
        out.push_str(instead);
        out.push_str(behind);
        copied = at + letter.len_utf8();
    }
    out.push_str(text.get(copied..).unwrap_or_default());
}

/// The text with `&`, `<` and `>` escaped. With `strict`, characters that would format the text are broken with
/// zero-width spaces. Control characters but line ends and tabs are left out.
pub fn escape(text: &str, strict: bool) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    escape_into(text, strict, &mut out);
    out
}

/// Appends a preformatted block.
pub(super) fn fence(text: &str, atoms: &mut Vec<Atom>) {
    atoms.push(Atom::FenceOpen);
    let text = without_fences(text);
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            atoms.push(Atom::Newline);
        }
        if !line.is_empty() {
            atoms.push(Atom::Text(escape(line, false)));
        }
    }
    atoms.push(Atom::FenceClose);
}

/// The text without three backticks in a row, which would end a block: no more than two stay together.
fn without_fences(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut run = 0_usize;
    for letter in text.chars() {
        run = if letter == '`' { run + 1 } else { 0 };
        if run > 2 {
            out.push_str(ZERO_WIDTH_SPACE);
            run = 1;
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_run_of_backticks_ends_a_block() {
        for count in 0..12 {
            let mut atoms = Vec::new();
            fence(&format!("a{}b", "`".repeat(count)), &mut atoms);
            let inside: String = atoms[1..atoms.len() - 1].iter().map(Atom::as_str).collect();
            assert!(!inside.contains("```"), "{inside}");
            assert_eq!(inside.matches('`').count(), count);
        }
    }

    #[test]
    fn exactly_three_characters_are_escaped() {
        assert_eq!(
            escape("<!channel> & \"q\" 'a' *b* &amp;\u{0}\u{7}\ta", false),
            "&lt;!channel&gt; &amp; \"q\" 'a' *b* &amp;amp;\ta"
        );
    }

    #[test]
    fn strict_breaks_what_would_format() {
        assert_eq!(
            escape("> *b* `c`", true),
            "\u{200b}&gt; *\u{200b}b*\u{200b} `\u{200b}c`\u{200b}"
        );
    }
}
