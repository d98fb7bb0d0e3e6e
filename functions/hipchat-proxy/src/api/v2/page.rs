//! Lists, page by page.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::api::{Base, Fields};
use crate::error::Failure;

/// How many items a page has when the client does not say.
const USUAL: usize = 100;

/// The most items of a page.
const MOST: usize = 1000;

/// What a client asks to see of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    start: usize,
    most: usize,
    /// Whether the items are wanted whole.
    pub expanded: bool,
    /// What else was asked for and goes on to the next page.
    kept: Vec<(&'static str, String)>,
}

impl Page {
    /// Reads `start-index` (0), `max-results` (100, at most 1,000) and `expand` from a query.
    ///
    /// # Errors
    /// [`Failure::BadArgument`] for what is no whole number.
    pub fn read(query: &Fields) -> Result<Self, Failure> {
        const KEPT: [&str; 5] = [
            "expand",
            "include-private",
            "include-archived",
            "include-guests",
            "include-deleted",
        ];
        let number = |name, what| query.number(name).map_err(|_| Failure::BadArgument(what));
        let start = number("start-index", "start-index must be a whole number")?;
        let most = number("max-results", "max-results must be a whole number")?;
        let kept = KEPT.iter().filter_map(|name| Some((*name, query.some_text(name)?)));
        let expand = query.some_text("expand").unwrap_or_default();
        Ok(Self {
            start: start.unwrap_or_default(),
            most: most.unwrap_or(USUAL).min(MOST),
            expanded: expand.split(',').any(|part| part.trim() == "items"),
            kept: kept.collect(),
        })
    }

    /// The page of a list: its items, and links to itself and its neighbours, if there are any.
    pub fn of(&self, all: impl Iterator<Item = Value>, base: &Base, path: &[&str]) -> Value {
        let mut rest = all.skip(self.start).peekable();
        let items: Vec<Value> = rest.by_ref().take(self.most).collect();
        let list = base.at(path);
        let mut links = Map::new();
        links.insert("self".to_owned(), json!(list));
        if self.start > 0 {
            links.insert(
                "prev".to_owned(),
                json!(self.link(&list, self.start.saturating_sub(self.most.max(1)))),
            );
        }
        // A page without items would lead to itself for ever.
        if !items.is_empty() && rest.peek().is_some() {
            links.insert("next".to_owned(), json!(self.link(&list, self.start + items.len())));
        }
        json!({"items": items, "startIndex": self.start, "maxResults": self.most, "links": links})
    }

    fn link(&self, list: &str, start: usize) -> String {
        let mut link = format!("{list}?start-index={start}&max-results={}", self.most);
        for (name, value) in &self.kept {
            link.extend(["&", name, "="]);
            link.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        link
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use shared::http::pairs;

    use super::*;

    fn page(query: &str, count: u64) -> Value {
        let page = Page::read(&Fields::from_pairs(pairs(query.as_bytes()))).unwrap();
        let base = Base::of(Some("https://h"), &Request::new(()));
        page.of((0..count).map(|number| json!(number)), &base, &["room"])
    }

    #[test]
    fn next_leads_through_the_whole_list_and_ends() {
        assert_eq!(
            page("max-results=2&expand=items&auth_token=s3cret", 5),
            json!({"items": [0, 1], "startIndex": 0, "maxResults": 2, "links": {
                "self": "https://h/v2/room",
                "next": "https://h/v2/room?start-index=2&max-results=2&expand=items"}})
        );
        let last = page("max-results=2&start-index=4", 5);
        assert_eq!(last["items"], json!([4]));
        assert_eq!(
            last["links"],
            json!({"self": "https://h/v2/room", "prev": "https://h/v2/room?start-index=2&max-results=2"})
        );
        assert_eq!(page("max-results=5", 5)["links"], json!({"self": "https://h/v2/room"}));
    }

    #[test]
    fn odd_pages_are_empty_or_refused() {
        assert_eq!(page("start-index=9", 5)["items"], json!([]));
        assert_eq!(page("max-results=0", 5)["links"], json!({"self": "https://h/v2/room"}));
        assert_eq!(page("max-results=99999999", 5)["maxResults"], json!(1000));
        assert_eq!(page("start-index=&max-results=", 5)["maxResults"], json!(100));
        for query in ["start-index=-1", "max-results=x", "start-index=99999999999999999999999"] {
            assert!(
                Page::read(&Fields::from_pairs(pairs(query.as_bytes()))).is_err(),
                "{query}"
            );
        }
    }
}
