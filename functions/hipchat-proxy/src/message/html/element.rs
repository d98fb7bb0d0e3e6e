//! What each element of HTML means for a message.

/// What an element does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// `<b>`, `<strong>`
    Bold,
    /// `<i>`, `<em>`
    Italic,
    /// `<s>`, `<strike>`, `<del>`
    Strike,
    /// `<code>`
    Code,
    /// `<pre>`
    Pre,
    /// `<a>`
    Link,
    /// `<img>`
    Image,
    /// `<br>`
    Break,
    /// `<hr>`
    Rule,
    /// `<p>`: a blank line around it.
    Paragraph,
    /// `<h1>` to `<h6>`: a paragraph in bold.
    Heading,
    /// `<div>` and its like: a line of its own.
    Block,
    /// `<ul>`
    Bullets,
    /// `<ol>`
    Numbers,
    /// `<li>`
    Item,
    /// `<table>`
    Table,
    /// `<thead>`
    HeadRows,
    /// `<tbody>`, `<tfoot>`
    Rows,
    /// `<tr>`
    Row,
    /// `<th>`
    HeadCell,
    /// `<td>`
    Cell,
    /// Shown as its content alone.
    Plain,
    /// Shown as its content alone, and has none: no end tag.
    Void,
    /// `<script>`, `<style>`, `<title>`: left out with its content.
    Hidden,
    /// `<head>`: left out with its content.
    Head,
}

impl Element {
    /// The element of a tag name in lower case; `None` for a name that HTML does not know
    /// (<https://html.spec.whatwg.org/multipage/indices.html#elements-3>, and the obsolete ones).
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"b" | b"strong" => Self::Bold,
            b"i" | b"em" => Self::Italic,
            b"s" | b"strike" | b"del" => Self::Strike,
            b"code" => Self::Code,
            b"pre" | b"listing" | b"xmp" => Self::Pre,
            b"a" => Self::Link,
            b"img" => Self::Image,
            b"br" => Self::Break,
            b"hr" => Self::Rule,
            b"p" => Self::Paragraph,
            b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" => Self::Heading,
            b"div" | b"caption" | b"address" | b"article" | b"aside" | b"blockquote" | b"body" | b"center" | b"dd"
            | b"details" | b"dialog" | b"dl" | b"dt" | b"fieldset" | b"figcaption" | b"figure" | b"footer"
            | b"form" | b"frameset" | b"header" | b"hgroup" | b"html" | b"legend" | b"main" | b"nav" | b"optgroup"
            | b"option" | b"search" | b"section" | b"summary" => Self::Block,
            b"ul" | b"menu" | b"dir" => Self::Bullets,
            b"ol" => Self::Numbers,
            b"li" => Self::Item,
            b"table" => Self::Table,
            b"thead" => Self::HeadRows,
            b"tbody" | b"tfoot" => Self::Rows,
            b"tr" => Self::Row,
            b"th" => Self::HeadCell,
            b"td" => Self::Cell,
            b"script" | b"style" | b"title" => Self::Hidden,
            b"head" => Self::Head,
            b"area" | b"base" | b"basefont" | b"bgsound" | b"col" | b"embed" | b"frame" | b"input" | b"keygen"
            | b"link" | b"meta" | b"param" | b"source" | b"track" | b"wbr" => Self::Void,
            b"abbr" | b"acronym" | b"applet" | b"audio" | b"bdi" | b"bdo" | b"big" | b"blink" | b"button"
            | b"canvas" | b"cite" | b"colgroup" | b"data" | b"datalist" | b"dfn" | b"font" | b"iframe" | b"ins"
            | b"kbd" | b"label" | b"map" | b"mark" | b"marquee" | b"math" | b"meter" | b"nobr" | b"noembed"
            | b"noframes" | b"noscript" | b"object" | b"output" | b"picture" | b"progress" | b"q" | b"rb" | b"rp"
            | b"rt" | b"rtc" | b"ruby" | b"samp" | b"select" | b"slot" | b"small" | b"span" | b"sub" | b"sup"
            | b"svg" | b"template" | b"textarea" | b"time" | b"tt" | b"u" | b"var" | b"video" => Self::Plain,
            _ => return None,
        })
    }

    /// Whether the element holds nothing and has no end.
    pub(super) fn is_void(self) -> bool {
        matches!(self, Self::Image | Self::Break | Self::Rule | Self::Void)
    }

    /// Whether the element is a cell of a table: what is open within ends with it.
    pub(super) fn is_cell(self) -> bool {
        matches!(self, Self::Cell | Self::HeadCell)
    }

    /// Whether the element begins and ends a line.
    pub(super) fn is_block(self) -> bool {
        matches!(
            self,
            Self::Pre
                | Self::Rule
                | Self::Paragraph
                | Self::Heading
                | Self::Block
                | Self::Bullets
                | Self::Numbers
                | Self::Item
                | Self::Table
                | Self::HeadRows
                | Self::Rows
                | Self::Row
        )
    }
}
