//! The elements that are open at a place, and what they make of a text there.

use super::element::Element;
use super::line::{Look, Style};

/// How deep lists are indented at most, so that a short message cannot become a huge one.
const MAX_INDENT: usize = 8;

/// How many elements may be open; further ones are not followed. Browsers have a bound of that kind too.
const MAX_DEPTH: usize = 256;

/// The open elements, the innermost last. Each knows how a text in it looks.
#[derive(Debug, Default)]
pub(super) struct Stack(Vec<Open>);

#[derive(Debug)]
struct Open {
    element: Element,
    style: Style,
    link: Option<usize>,
    /// The link that the element itself opened.
    own_link: Option<usize>,
    /// How many items an ordered list has had.
    count: usize,
}

impl Stack {
    /// How a text looks here.
    pub(super) fn look(&self) -> Look {
        self.0.last().map(|open| (open.style, open.link)).unwrap_or_default()
    }

    /// How a text looks in the innermost open `element`.
    pub(super) fn innermost(&self, element: Element) -> Option<Look> {
        let open = self.0.iter().rfind(|open| open.element == element)?;
        Some((open.style, open.link))
    }

    /// Whether an element is open.
    pub(super) fn has(&self, element: Element) -> bool {
        self.0.iter().any(|open| open.element == element)
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    /// Closes all elements but the outermost `depth`.
    pub(super) fn truncate(&mut self, depth: usize) {
        self.0.truncate(depth);
    }

    /// Opens an element, which may be a link.
    pub(super) fn push(&mut self, element: Element, link: Option<usize>) {
        if self.0.len() >= MAX_DEPTH {
            return;
        }
        let mut open = Open {
            element,
            style: Style::default(),
            link: None,
            own_link: link,
            count: 0,
        };
        open.set(self.look());
        self.0.push(open);
    }

    /// Closes the innermost open `element`, unless a `barrier` or a cell is nearer. What was opened inside and is
    /// still open, stays so, as browsers do with formatting that is not nested.
    pub(super) fn close(&mut self, element: Element, barrier: impl Fn(Element) -> bool) {
        let ends = |open: Element| open == element || open.is_cell() || barrier(open);
        let at = self.0.iter().rposition(|open| ends(open.element));
        let Some(at) = at.filter(|&at| self.0.get(at).is_some_and(|open| open.element == element)) else {
            return;
        };
        self.0.remove(at);
        let below = at.checked_sub(1).and_then(|below| self.0.get(below));
        let mut look = below.map(|open| (open.style, open.link)).unwrap_or_default();
        for open in self.0.iter_mut().skip(at) {
            open.set(look);
            look = (open.style, open.link);
        }
    }

    /// The indentation and mark of the next item of the innermost list.
    pub(super) fn item_mark(&mut self) -> String {
        let is_list = |open: &Open| matches!(open.element, Element::Bullets | Element::Numbers);
        let depth = self.0.iter().filter(|open| is_list(open)).count();
        let indent = "    ".repeat(depth.saturating_sub(1).min(MAX_INDENT));
        match self.0.iter_mut().rfind(|open| is_list(open)) {
            Some(list) if list.element == Element::Numbers => {
                list.count += 1;
                format!("{indent}{}. ", list.count)
            }
            _ => format!("{indent}• "),
        }
    }
}

impl Open {
    /// Sets the look from that of the element around it. Slack formats nothing inside code, and links nothing.
    fn set(&mut self, (mut style, mut link): Look) {
        if !style.code {
            match self.element {
                Element::Bold | Element::Heading => style.bold = true,
                Element::Italic => style.italic = true,
                Element::Strike => style.strike = true,
                Element::Code => style.code = true,
                _ => {}
            }
            link = self.own_link.or(link);
        }
        self.style = style;
        self.link = link;
    }
}
