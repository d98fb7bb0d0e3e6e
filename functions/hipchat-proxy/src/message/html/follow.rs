//! What the start and the end of each element do to the lines that are being collected.

use super::collect::Collector;
use super::element::Element;
use super::table::{Cell, Table};
use super::tokens::Attributes;
use crate::message::link::{address, safe_address};

/// How many tables may be within each other; further ones are blocks.
const MOST_TABLES: usize = 8;

impl Collector {
    pub(super) fn start(&mut self, element: Element, attributes: &Attributes) {
        if self.hidden.is_some() {
            return;
        }
        if self.pre.is_some() && self.ends_pre(element) {
            self.close_pre();
        }
        if self.pre.is_some() {
            self.start_in_pre(element, attributes);
            return;
        }
        if element.is_block() {
            self.break_line(element);
        }
        match element {
            Element::Break => self.push_line(),
            Element::Image => self.image(attributes),
            Element::Rule => {
                self.word("———");
                self.break_line(element);
            }
            Element::Hidden | Element::Head => self.hidden = Some(element),
            Element::Pre => self.pre = Some(String::new()),
            Element::Void => {}
            Element::Item => {
                // A new item ends the one before it, end tag or not.
                self.open.close(Element::Item, |open| {
                    matches!(open, Element::Bullets | Element::Numbers)
                });
                self.prefix = self.open.item_mark();
                self.open.push(element, None);
            }
            Element::Paragraph => {
                self.open.close(Element::Paragraph, |_| false);
                self.open.push(element, None);
            }
            Element::Link => {
                self.open.close(Element::Link, |_| false);
                self.link(attributes);
            }
            Element::Table => self.open_table(),
            Element::Row => {
                self.close_cell();
                self.on_table(Table::close_row);
            }
            Element::HeadRows | Element::Rows => {
                self.close_cell();
                self.on_table(|table| table.row_group(element == Element::HeadRows));
            }
            Element::HeadCell | Element::Cell => self.open_cell(element, attributes),
            _ => self.open.push(element, None),
        }
    }

    fn start_in_pre(&mut self, element: Element, attributes: &Attributes) {
        let Some(pre) = &mut self.pre else { return };
        let in_line = !pre.is_empty() && !pre.ends_with('\n');
        match element {
            Element::Break => pre.push('\n'),
            Element::Hidden => self.hidden = Some(element),
            Element::Image => pre.push_str(attributes.alt.as_deref().unwrap_or("image")),
            element if element.is_block() && in_line => pre.push('\n'),
            element if element.is_cell() && in_line => pre.push_str("  "),
            _ => {}
        }
    }

    pub(super) fn end(&mut self, element: Element) {
        if self.hidden.is_some() {
            self.hidden = self.hidden.filter(|hidden| *hidden != element);
            return;
        }
        if self.pre.is_some() && (element == Element::Pre || self.ends_pre(element)) {
            self.close_pre();
        }
        if element == Element::Break {
            // `</br>` is a line break too.
            self.start(Element::Break, &Attributes::default());
            return;
        }
        if self.pre.is_some() || element.is_void() {
            return;
        }
        if element.is_block() {
            self.break_line(element);
        }
        match element {
            Element::Link => self.name_empty_link(),
            // The mark of an item that showed nothing is not for what comes behind it.
            Element::Item | Element::Bullets | Element::Numbers => self.prefix.clear(),
            Element::Table => return self.close_table(),
            Element::Row => {
                self.close_cell();
                return self.on_table(Table::close_row);
            }
            Element::HeadRows | Element::Rows => {
                self.close_cell();
                return self.on_table(|table| table.row_group(false));
            }
            Element::HeadCell | Element::Cell if !self.tables.is_empty() => return self.close_cell(),
            _ => {}
        }
        self.open.close(element, |_| false);
    }

    /// Whether the start or end of `element` ends a preformatted text that has no end of its own: within a cell, the
    /// cell's end and all that implies it do.
    fn ends_pre(&self, element: Element) -> bool {
        let in_cell = self.tables.last().is_some_and(Table::in_cell);
        in_cell && (element.is_cell() || matches!(element, Element::Row | Element::HeadRows | Element::Rows))
    }

    /// Opens a link, if it leads to what Slack may link. An address that is too long for that is shown as text.
    fn link(&mut self, attributes: &Attributes) {
        let mut link = None;
        if !self.open.look().0.code {
            let address = attributes.href.as_deref().and_then(safe_address);
            link = address.map(|address| self.add_link(address));
        }
        self.open.push(Element::Link, link);
    }

    /// An image is a link to it; within a link, and where it is an emoticon or cannot be linked, it is its `alt`.
    fn image(&mut self, attributes: &Attributes) {
        let alt = attributes.alt.as_deref().map(str::trim).filter(|alt| !alt.is_empty());
        let source = attributes.src.as_deref().and_then(address).filter(|source| {
            let is_web = source.starts_with("http://") || source.starts_with("https://");
            is_web && !source.contains("/emoticons/")
        });
        let (style, link) = self.open.look();
        match (source, alt) {
            (Some(source), alt) if link.is_none() && !style.code => {
                let link = self.add_link(source);
                self.open.push(Element::Image, Some(link));
                self.text(alt.unwrap_or("image"));
                self.open.close(Element::Image, |_| false);
            }
            (_, Some(alt)) => self.text(alt),
            (_, None) => {}
        }
    }

    fn on_table(&mut self, change: impl FnOnce(&mut Table)) {
        // A row outside of a table is a block like any other.
        if let Some(table) = self.tables.last_mut() {
            change(table);
        }
    }

    fn open_table(&mut self) {
        if self.tables.len() >= MOST_TABLES {
            self.deep_tables += 1;
            return;
        }
        self.prefix.clear();
        self.tables.push(Table::new(std::mem::take(&mut self.blank_due)));
    }

    fn open_cell(&mut self, element: Element, attributes: &Attributes) {
        if self.tables.is_empty() || self.deep_tables > 0 {
            if self.in_line() {
                self.space();
                self.word("|");
                self.space();
            }
            return;
        }
        self.close_cell();
        // What stands between cells comes before the table.
        self.break_line(Element::Cell);
        self.blank_due = false;
        let depth = self.open.depth();
        let cell = Cell::new(
            element == Element::HeadCell,
            attributes.colspan.as_deref(),
            attributes.rowspan.as_deref(),
        );
        self.on_table(|table| table.open_cell(cell, depth));
        self.open.push(element, None);
    }

    /// Ends the open cell of the innermost table, and with it all that was opened inside.
    fn close_cell(&mut self) {
        if self.deep_tables > 0 || !self.tables.last().is_some_and(Table::in_cell) {
            return;
        }
        self.name_empty_link();
        self.break_line(Element::Cell);
        self.prefix.clear();
        self.blank_due = false;
        if let Some(depth) = self.tables.last_mut().and_then(Table::close_cell) {
            self.open.truncate(depth);
        }
    }

    /// Ends the innermost table, if there is one.
    pub(super) fn close_table(&mut self) {
        if self.deep_tables > 0 {
            self.deep_tables -= 1;
            return;
        }
        self.close_cell();
        let Some(table) = self.tables.pop() else { return };
        self.blank_due = table.blank_before;
        for line in table.into_lines() {
            self.push_done(line);
        }
    }
}
