//! Lists, page by page.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::api::{Base, Fields};
use crate::error::Failure;

/// How many items a page has when the client does not say.
const USUAL: usize = 100;

/// The most items of a page.
const MOST: usize = 1000;

/// The longest value that goes on to the next page, in bytes.
const LONGEST_KEPT: usize = 64;

/// What an answer has beside its items, in bytes: links and the numbers of the page.
const BESIDE: usize = 4096;

/// What a client asks to see of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    start: usize,
    most: usize,
    /// Whether the items are wanted whole.
    pub expanded: bool,
    /// What else was asked for and goes on to the next page.
    kept: Vec<(&'static str, String)>,
    /// The most bytes that its items may take in the answer.
    room: usize,
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
        let kept = kept.filter(|(_, value)| is_word_list(value));
        let expand = query.some_text("expand").unwrap_or_default();
        Ok(Self {
            start: start.unwrap_or_default(),
            most: most.unwrap_or(USUAL).min(MOST),
            expanded: expand.split(',').any(|part| part.trim() == "items"),
            kept: kept.collect(),
            room: usize::MAX,
        })
    }

    /// The same page in an answer of at most `bytes`: it ends earlier where its items take more than that.
    #[must_use]
    pub fn within(mut self, bytes: usize) -> Self {
        self.room = bytes.saturating_sub(BESIDE);
        self
    }

    /// The page of a list: its items, and links to itself and its neighbours, if there are any.
    pub fn of(&self, all: impl Iterator<Item = Value>, base: &Base, path: &[&str]) -> Value {
        let mut rest = all.skip(self.start).peekable();
        let mut left = self.room;
        let mut items: Vec<Value> = Vec::new();
        while items.len() < self.most
            && let Some(item) = rest.next_if(|item| take(&mut left, item))
        {
            items.push(item);
        }
        // A client that counts in pages must learn how long this one is.
        let is_cut = items.len() < self.most && rest.peek().is_some();
        let most = if is_cut { items.len() } else { self.most };
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
        json!({"items": items, "startIndex": self.start, "maxResults": most, "links": links})
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

/// Whether a value can mean anything to the next page: `true`, or words and commas. All links of a page fit beside its
/// items, whatever else a client sends.
fn is_word_list(value: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b',' | b'_' | b'-');
    value.len() <= LONGEST_KEPT && value.bytes().all(fits)
}

/// Takes what an item needs from what is left; whether that was enough.
fn take(left: &mut usize, item: &Value) -> bool {
    let text = item.to_string();
    // The answer's body is a text in a document itself, where these are escaped; a comma follows.
    let escapes = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    match left.checked_sub(text.len() + escapes + 1) {
        Some(rest) => {
            *left = rest;
            true
        }
        None => false,
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
    fn a_page_ends_where_the_answer_is_full() {
        let page = Page::read(&Fields::from_pairs(pairs(b"max-results=50")))
            .unwrap()
            .within(BESIDE + 100);
        let base = Base::of(Some("https://h"), &Request::new(()));
        // Each takes thirteen bytes: ten characters, two quotes escaped, a comma, makes fifteen.
        let all = || (0..20).map(|number| json!(format!("{number:010}")));
        let first = page.of(all(), &base, &["room"]);
        assert_eq!(first["items"].as_array().unwrap().len(), 6);
        assert_eq!(first["maxResults"], json!(6));
        assert_eq!(
            first["links"]["next"],
            json!("https://h/v2/room?start-index=6&max-results=50")
        );
        let whole = Page::read(&Fields::from_pairs(pairs(b""))).unwrap();
        assert_eq!(whole.of(all(), &base, &["room"])["maxResults"], json!(100));
    }

    #[test]
    fn links_cannot_outgrow_the_answer() {
        let long = "%C3%A9".repeat(2000);
        for value in [
            long.as_str(),
            &"%22".repeat(2000),
            &"x".repeat(2000),
            &"a.b,".repeat(16),
        ] {
            let query = format!(
                "start-index=50&expand=items,{value}&include-private={value}&include-archived={value}\
                 &include-guests={value}&include-deleted={value}"
            );
            let bytes = BESIDE + 2000;
            let page = Page::read(&Fields::from_pairs(pairs(query.as_bytes())))
                .unwrap()
                .within(bytes);
            let base = Base::of(Some(&format!("https://{}", "h".repeat(250))), &Request::new(()));
            let text = page
                .of((0..900).map(|number| json!(number)), &base, &["room"])
                .to_string();
            let escapes = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
            assert!(text.len() + escapes <= bytes, "{} of {bytes}", text.len() + escapes);
        }
        let kept = page(
            "max-results=1&expand=items.owner,items&include-private=true&include-deleted=é",
            2,
        );
        assert_eq!(
            kept["links"]["next"],
            json!("https://h/v2/room?start-index=1&max-results=1&expand=items%2Eowner%2Citems&include-private=true")
        );
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
