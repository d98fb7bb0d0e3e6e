//! The lines that a message is made of, and the styled texts in them.

/// How a text looks.
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
    /// `<pre>` and tables: the text, with line ends in it.
    Pre(String),
}

/// A collected message.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    /// Where links lead: only addresses that are safe to click.
    pub(super) links: Vec<String>,
}

impl Line {
    pub(super) fn blank() -> Self {
        Self::Runs {
            prefix: String::new(),
            runs: Vec::new(),
        }
    }

    pub(super) fn is_blank(&self) -> bool {
        matches!(self, Self::Runs { runs, .. } if runs.is_empty())
    }
}

/// Takes blank lines away at both ends.
pub(super) fn trim(lines: &mut Vec<Line>) {
    while lines.last().is_some_and(Line::is_blank) {
        lines.pop();
    }
    let leading = lines.iter().take_while(|line| line.is_blank()).count();
    lines.drain(..leading);
}
