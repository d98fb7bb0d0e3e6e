//! The layout of a card: activity, icon, title, description, attributes, picture, from top to bottom.

use super::{Attribute, Block, Card, Drawn, Element, Style};
use crate::message::link::{escape_address, fits, link};
use crate::message::markup::escape;
use crate::message::{Atom, Mark, Mentions, Rendered, Rules, html, lay_out, shows_nothing, text};
use crate::rooms::Ping;

/// The most blocks of a message.
const MAX_BLOCKS: usize = 50;

/// The longest text of all blocks together, in characters. Slack's own limit is not documented; it was seen to be
/// about 13,200.
const MAX_TEXT: usize = 12_000;

/// The longest text of a section, in characters.
const MAX_SECTION: usize = 3000;

/// The longest text of a field or of a context, in characters.
const MAX_FIELD: usize = 2000;

/// The most sections of a description.
const MAX_DESCRIPTIONS: usize = 2;

/// The most fields of a section.
const MAX_FIELDS: usize = 10;

impl Card {
    /// Draws the card. Nothing in it calls anybody.
    pub fn draw(&self, rules: Rules<'_>) -> Drawn {
        let nobody = Mentions::default();
        let mut sheet = Sheet {
            rules: Rules {
                mentions: Ping::None,
                people: &nobody,
                ..rules
            },
            blocks: Vec::new(),
            plain: Vec::new(),
            truncated: false,
            has_address: false,
        };
        let icon = sheet.activity(self);
        sheet.title(self, icon);
        sheet.description(self);
        sheet.attributes(self);
        if self.style == Style::Picture
            && let Some(address) = &self.thumbnail
        {
            sheet.blocks.push(Block::Image {
                image_url: address.clone(),
                alt_text: self.title.clone(),
            });
        }
        Drawn {
            blocks: sheet.blocks,
            plain: sheet.plain.join("\n"),
            truncated: sheet.truncated,
        }
    }
}

struct Sheet<'a> {
    rules: Rules<'a>,
    blocks: Vec<Block>,
    /// The visible text, piece by piece.
    plain: Vec<String>,
    truncated: bool,
    /// The title's address stands below it.
    has_address: bool,
}

impl Sheet<'_> {
    /// The activity, with its icon or the card's; gives the card's icon back if it is still to be shown.
    fn activity<'c>(&mut self, card: &'c Card) -> Option<&'c str> {
        let icon = card.icon.as_deref();
        let Some(activity) = &card.activity else { return icon };
        let rendered = html::render(&activity.html, self.rules.strict);
        let Some(text) = self.lay_out(rendered, MAX_SECTION, 1).pop() else {
            return icon;
        };
        if text.chars().count() > MAX_FIELD {
            self.blocks.push(Block::section(text));
            return icon;
        }
        let own = activity.icon.as_deref();
        let image = own.or(icon).map(|address| Element::image(address, &card.title));
        self.blocks.push(Block::Context {
            elements: image.into_iter().chain([Element::text(text)]).collect(),
        });
        icon.filter(|_| own.is_some())
    }

    fn title(&mut self, card: &Card, icon: Option<&str>) {
        if let Some(icon) = icon {
            self.blocks.push(Block::Context {
                elements: vec![Element::image(icon, &card.title)],
            });
        }
        let url = card.url.as_deref();
        let linked = self.linked(url.filter(|url| fits(url)), &card.title);
        let unlinked = url.filter(|_| linked.is_none());
        let title = linked.unwrap_or_else(|| escape(&card.title, self.rules.strict));
        let thumbnail = card.thumbnail.as_ref().filter(|_| card.style == Style::Other);
        self.plain.push(card.title.clone());
        self.blocks.push(Block::Section {
            text: Some(Element::text(format!("*{title}*"))),
            fields: Vec::new(),
            accessory: thumbnail.map(|address| Element::image(address, &card.title)),
        });
        // Slack takes no link that long.
        if let Some(url) = unlinked {
            self.has_address = true;
            let atoms = vec![Atom::Text(escape_address(url))];
            let plain = url.to_owned();
            let shown = self.lay_out(
                Rendered {
                    atoms,
                    plain,
                    ping: Ping::None,
                },
                MAX_SECTION,
                1,
            );
            self.blocks.extend(shown.into_iter().map(Block::section));
        }
    }

    fn description(&mut self, card: &Card) {
        let Some(description) = &card.description else { return };
        let rendered = if description.is_html {
            html::render(&description.text, self.rules.strict)
        } else {
            text::render_linked(&description.text, self.rules)
        };
        // An address of its own takes the place of one of them.
        let most = MAX_DESCRIPTIONS - usize::from(self.has_address);
        let parts = self.lay_out(rendered, MAX_SECTION, most);
        self.blocks.extend(parts.into_iter().map(Block::section));
    }

    /// The attributes, as many as fit, and how many do not.
    fn attributes(&mut self, card: &Card) {
        // Room for the line that tells how many are missing, and for a picture.
        let most = MAX_BLOCKS.saturating_sub(self.blocks.len() + 2) * MAX_FIELDS;
        let mut left = MAX_TEXT.saturating_sub(self.blocks.iter().map(Block::length).sum());
        let mut fields = Vec::new();
        let mut below = Vec::new();
        for attribute in card.attributes.iter().take(most) {
            let (field, unlinked) = self.field(attribute);
            let field = Element::text(field);
            match left.checked_sub(field.length()) {
                Some(rest) => left = rest,
                None => break,
            }
            self.plain
                .push(match (attribute.label.as_str(), attribute.value.as_str()) {
                    ("", value) => value.to_owned(),
                    (label, "") => label.to_owned(),
                    (label, value) => format!("{label}: {value}"),
                });
            fields.push(field);
            below.extend(unlinked.map(|url| (attribute, url)));
        }
        let missing = card.attributes.len() - fields.len();
        self.blocks
            .extend(fields.chunks(MAX_FIELDS).map(|fields| Block::Section {
                text: None,
                fields: fields.to_vec(),
                accessory: None,
            }));
        for (attribute, url) in below {
            let section = Block::section(self.address_below(attribute, url));
            // Room for the line, for a picture, and for who sent it.
            let rest = left
                .checked_sub(section.length())
                .filter(|_| section.length() <= MAX_SECTION && self.blocks.len() + 3 < MAX_BLOCKS);
            // A part of an address is of no use.
            self.truncated |= rest.is_none();
            if let Some(rest) = rest {
                left = rest;
                self.blocks.push(section);
            }
        }
        if missing > 0 {
            self.truncated = true;
            self.blocks.push(Block::Context {
                elements: vec![Element::text(format!("… {missing} more"))],
            });
        }
    }

    /// The address of an attribute under its name.
    fn address_below(&self, attribute: &Attribute, url: &str) -> String {
        let name = [&attribute.label, &attribute.value];
        let name = name.into_iter().find(|name| !name.is_empty());
        let name = name.map_or(String::new(), |name| format!("*{}*\n", escape(name, self.rules.strict)));
        name + &escape_address(url)
    }

    /// The text of an attribute, and its address when that does not fit into it.
    fn field<'c>(&mut self, attribute: &'c Attribute) -> (String, Option<&'c str>) {
        let mut atoms = Vec::new();
        if !attribute.label.is_empty() {
            atoms.push(Atom::Open(Mark::Bold));
            atoms.push(Atom::Text(escape(&attribute.label, self.rules.strict)));
            atoms.push(Atom::Close(Mark::Bold));
        }
        if !attribute.label.is_empty() && !attribute.value.is_empty() {
            atoms.push(Atom::Newline);
        }
        if let Some(lozenge) = attribute.lozenge {
            atoms.push(Atom::Token(format!("{lozenge} ")));
        }
        let url = attribute.url.as_deref();
        let linked = self.linked(url.filter(|url| fits(url)), &attribute.value);
        let linked = linked.filter(|token| token.len() < MAX_FIELD);
        let unlinked = url.filter(|_| linked.is_none());
        atoms.push(match linked {
            Some(token) => Atom::Token(token),
            None => Atom::Text(escape(&attribute.value, self.rules.strict)),
        });
        let laid = lay_out(&atoms, MAX_FIELD, 1);
        self.truncated |= laid.truncated;
        (laid.parts.into_iter().next().unwrap_or_default(), unlinked)
    }

    /// A link with all of a label, if there is one and it fits.
    fn linked(&self, url: Option<&str>, label: &str) -> Option<String> {
        let (token, rest) = link(url?, label, self.rules.strict);
        rest.is_empty().then_some(token)
    }

    /// The texts of something rendered, none of them longer than `limit`; nothing for what shows nothing.
    fn lay_out(&mut self, rendered: Rendered, limit: usize, max_parts: usize) -> Vec<String> {
        if shows_nothing(&rendered.plain) {
            return Vec::new();
        }
        let laid = lay_out(&rendered.atoms, limit, max_parts);
        self.truncated |= laid.truncated;
        self.plain.push(rendered.plain);
        laid.parts
    }
}
