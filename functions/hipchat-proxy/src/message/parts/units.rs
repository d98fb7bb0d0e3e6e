//! Markup -> the pieces that a cut never divides: characters as people see them, escapes, links, marks.

use unicode_segmentation::UnicodeSegmentation;

use crate::message::{Atom, Mark};

/// The smallest piece that may stand alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit<'a> {
    pub(super) text: &'a str,
    /// In characters.
    pub(super) length: usize,
    pub(super) kind: Kind,
}

/// The units of a markup up to `most` characters, and the one that reaches beyond.
pub(super) fn units(atoms: &[Atom], most: usize) -> Vec<Unit<'_>> {
    let bytes: usize = atoms.iter().map(|atom| atom.as_str().len()).sum();
    let mut units = Units {
        all: Vec::with_capacity(bytes.min(most)),
        room: most,
    };
    for atom in atoms {
        if units.room == 0 {
            break;
        }
        push_units(atom, &mut units);
    }
    units.all
}

/// Units, as many as may be of use.
struct Units<'a> {
    all: Vec<Unit<'a>>,
    /// How many characters more.
    room: usize,
}

impl<'a> Units<'a> {
    fn push(&mut self, text: &'a str, kind: Kind) {
        let length = text.chars().count();
        self.room = self.room.saturating_sub(length);
        self.all.push(Unit { text, length, kind });
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Glyph,
    Space,
    Newline,
    Open(Mark),
    Close(Mark),
    FenceOpen,
    FenceClose,
    Quote,
}

fn push_units<'a>(atom: &'a Atom, units: &mut Units<'a>) {
    let kind = match atom {
        Atom::Text(text) => return push_glyphs(text, units),
        Atom::Token(_) => Kind::Glyph,
        Atom::Newline => Kind::Newline,
        Atom::Open(mark) => Kind::Open(*mark),
        Atom::Close(mark) => Kind::Close(*mark),
        Atom::FenceOpen => Kind::FenceOpen,
        Atom::FenceClose => Kind::FenceClose,
        Atom::Quote => Kind::Quote,
    };
    units.push(atom.as_str(), kind);
}

/// The characters of a text as people see them; an escape is one. A character made of very many code points is cut
/// all the same, so that no unit is longer than a part.
fn push_glyphs<'a>(text: &'a str, units: &mut Units<'a>) {
    const LONGEST: usize = 64;
    // Where a character ends is told by all of it: of one without an end, each cut would look at all the rest.
    const LOOKED_AT: usize = 4 * LONGEST;
    let mut rest = text;
    while !rest.is_empty() && units.room > 0 {
        let mut length = match rest.as_bytes() {
            [b'&', ..] => escape_length(rest),
            // Nothing joins two ASCII characters, line ends aside, which are no text.
            [first, second, ..] if first.is_ascii() && second.is_ascii() => 1,
            _ => head(rest, LOOKED_AT)
                .graphemes(true)
                .next()
                .map_or(rest.len(), str::len),
        };
        if length > LONGEST {
            length = head(rest, LONGEST).len();
        }
        let (unit, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        units.push(unit, if unit == " " { Kind::Space } else { Kind::Glyph });
        rest = after;
    }
}

/// The start of a text: whole characters of no more than `longest` bytes.
fn head(text: &str, longest: usize) -> &str {
    text.get(..text.floor_char_boundary(longest)).unwrap_or(text)
}

fn escape_length(text: &str) -> usize {
    ["&amp;", "&lt;", "&gt;"]
        .into_iter()
        .find(|escape| text.starts_with(escape))
        .map_or(1, str::len)
}
