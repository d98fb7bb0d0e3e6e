//! Markup -> texts of bounded length. It is cut at a line's end, else at a space, else between two characters as
//! people see them; never inside a link, a mention or an escape. Marks and fences that are open at a cut are closed
//! before it and opened again behind it.

mod units;

use super::{Atom, Mark};
use units::{Kind, Unit, units};

/// What ends a message that did not fit.
const TRUNCATED: &str = "… (truncated)";
const TRUNCATED_LENGTH: usize = 13;

/// A laid-out message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laid {
    /// The texts in order, none of them longer than asked for.
    pub parts: Vec<String>,
    /// Whether the end is missing.
    pub truncated: bool,
}

/// Lays markup out in at most `max_parts` texts of at most `limit` characters (Unicode scalar values). `limit` is
/// larger than any token.
pub fn lay_out(atoms: &[Atom], limit: usize, max_parts: usize) -> Laid {
    let bytes: usize = atoms.iter().map(|atom| atom.as_str().len()).sum();
    // Bytes bound characters, so most messages need not be counted.
    if bytes <= limit || atoms.iter().map(|atom| atom.as_str().chars().count()).sum::<usize>() <= limit {
        let whole: String = atoms.iter().map(Atom::as_str).collect();
        return Laid {
            parts: if whole.is_empty() { Vec::new() } else { vec![whole] },
            truncated: false,
        };
    }
    // More than all parts can hold, and what a cut looks at behind it, is never shown.
    let most = limit.saturating_add(1).saturating_mul(max_parts).saturating_add(limit);
    let units = units(atoms, most);
    let mut parts = Vec::new();
    let mut rest = units.as_slice();
    let mut state = State::default();
    while !rest.is_empty() {
        let last = parts.len() + 1 >= max_parts;
        let mut cut = find_cut(rest, &state, limit);
        let truncated = last && cut.resume < rest.len();
        if truncated {
            cut = find_cut(rest, &state, limit.saturating_sub(TRUNCATED_LENGTH + 1));
        }
        let mut part = String::new();
        state.open(&mut part);
        for unit in rest.get(..cut.end).unwrap_or_default() {
            part.push_str(unit.text);
            state.pass(unit.kind);
        }
        state.close(&mut part);
        for unit in rest.get(cut.end..cut.resume).unwrap_or_default() {
            state.pass(unit.kind);
        }
        if truncated {
            part.push('\n');
            part.push_str(TRUNCATED);
        }
        parts.push(part);
        if truncated {
            return Laid { parts, truncated };
        }
        rest = rest.get(cut.resume..).unwrap_or_default();
    }
    Laid {
        parts,
        truncated: false,
    }
}

/// What is open at a place.
#[derive(Debug, Clone, Default)]
struct State {
    marks: Vec<Mark>,
    fenced: bool,
    quoted: bool,
}

impl State {
    fn pass(&mut self, kind: Kind) {
        match kind {
            Kind::Open(mark) => self.marks.push(mark),
            Kind::Close(_) => {
                self.marks.pop();
            }
            Kind::FenceOpen => self.fenced = true,
            Kind::FenceClose => self.fenced = false,
            Kind::Quote => self.quoted = true,
            Kind::Newline => self.quoted = false,
            Kind::Glyph | Kind::Space => {}
        }
    }

    /// How many characters it takes to close what is open here.
    fn closing_cost(&self) -> usize {
        self.marks.len()
            + if self.fenced {
                Atom::FenceClose.as_str().len()
            } else {
                0
            }
    }

    /// How many characters it takes to open it again.
    fn opening_cost(&self) -> usize {
        self.closing_cost() + if self.quoted { Atom::Quote.as_str().len() } else { 0 }
    }

    fn open(&self, out: &mut String) {
        if self.fenced {
            out.push_str(Atom::FenceOpen.as_str());
        }
        if self.quoted {
            out.push_str(Atom::Quote.as_str());
        }
        out.extend(self.marks.iter().map(|mark| mark.sign()));
    }

    fn close(&self, out: &mut String) {
        out.extend(self.marks.iter().rev().map(|mark| mark.sign()));
        if self.fenced {
            out.push_str(Atom::FenceClose.as_str());
        }
    }
}

/// Where a part ends, and where the next one begins; the space or line end between them is left out.
#[derive(Debug, Clone, Copy)]
struct Cut {
    end: usize,
    resume: usize,
}

fn find_cut(units: &[Unit<'_>], before: &State, limit: usize) -> Cut {
    let fence = Atom::FenceOpen.as_str().len();
    let mut length = before.opening_cost();
    let mut closing = before.closing_cost();
    let (mut line, mut space) = (None, None);
    for (at, unit) in units.iter().enumerate() {
        match unit.kind {
            Kind::Open(_) => closing += 1,
            Kind::Close(_) => closing = closing.saturating_sub(1),
            Kind::FenceOpen => closing += fence,
            Kind::FenceClose => closing = closing.saturating_sub(fence),
            Kind::Glyph | Kind::Space | Kind::Newline | Kind::Quote => {}
        }
        if length + unit.length + closing > limit && at > 0 {
            return line.or(space).unwrap_or_else(|| hard_cut(units, at));
        }
        let here = Some(Cut {
            end: at,
            resume: at + 1,
        });
        match unit.kind {
            Kind::Newline if may_cut(units, at) => line = here,
            Kind::Space if may_cut(units, at) => space = here,
            _ => {}
        }
        length += unit.length;
    }
    Cut {
        end: units.len(),
        resume: units.len(),
    }
}

/// Whether a part may end before the space or line end at `at`: nothing empty may be left on either side.
fn may_cut(units: &[Unit<'_>], at: usize) -> bool {
    let opens = |unit: &Unit<'_>| matches!(unit.kind, Kind::Open(_) | Kind::FenceOpen | Kind::Quote);
    let closes = |unit: &Unit<'_>| matches!(unit.kind, Kind::Close(_) | Kind::FenceClose);
    let before = at.checked_sub(1).and_then(|before| units.get(before));
    before.is_some_and(|unit| !opens(unit)) && !units.get(at + 1).is_some_and(closes)
}

/// A cut in the middle of a word: not between a mark and what it stands at, which would leave an empty pair.
fn hard_cut(units: &[Unit<'_>], at: usize) -> Cut {
    let is = |at: usize, wanted: fn(Kind) -> bool| units.get(at).is_some_and(|unit| wanted(unit.kind));
    let mut end = at;
    while is(end, |kind| matches!(kind, Kind::Close(_) | Kind::FenceClose)) {
        end += 1;
    }
    if end == at {
        while end > 1
            && is(end - 1, |kind| {
                matches!(kind, Kind::Open(_) | Kind::FenceOpen | Kind::Quote)
            })
        {
            end -= 1;
        }
    }
    Cut { end, resume: end }
}

#[cfg(test)]
#[path = "parts_tests.rs"]
mod tests;
