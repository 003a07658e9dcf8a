//! Lists that can grow are read page by page. Where a page ended is told as a cursor: the last item's place in the order, not
//! a number of items, so that what is added or removed meanwhile moves nothing.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::Refusal;

/// Most items of a page.
pub(crate) const MAX_ITEMS: u32 = 200;
/// Most characters of a text that is searched for.
const MAX_SEARCH: usize = 200;

/// What a list can be in the order of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Order {
    /// As a request names it, with `-` before it for the other direction.
    pub(crate) name: &'static str,
    /// The column, or the expression over columns. Never null.
    pub(crate) column: &'static str,
    pub(crate) sort: Sort,
}

/// Of what sort a column is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sort {
    Number,
    Text,
}

/// A value by which a list is ordered or filtered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Key {
    Number(i64),
    Text(String),
}

/// Which page of a list.
#[derive(Clone, Debug)]
pub(crate) struct Paging {
    pub(crate) order: Order,
    pub(crate) descending: bool,
    /// The last item of the page before.
    pub(crate) after: Option<(Key, Key)>,
    pub(crate) limit: u32,
}

/// A page, and where the next one begins.
#[derive(Clone, Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), next: None }
    }
}

/// A cursor as it stands in an address.
#[derive(Serialize, Deserialize)]
struct Cursor(String, Key, Key);

impl Paging {
    /// Reads what a request says of pages. `orders` are those that the list knows; the first word of `usual` is the order if
    /// the request names none.
    ///
    /// # Errors
    /// When the order is unknown, the cursor is not one of this list in this order, or the limit is out of range.
    pub(crate) fn read(
        orders: &[Order],
        sort: Option<&str>,
        usual: &str,
        after: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Self, Refusal> {
        let limit = limit.unwrap_or(50);
        if !(1..=MAX_ITEMS).contains(&limit) {
            return Err(Refusal::Request(format!("limit must be 1 to {MAX_ITEMS}")));
        }
        let sort = sort.unwrap_or(usual);
        let (descending, name) = match sort.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, sort),
        };
        let order = orders.iter().find(|order| order.name == name).ok_or_else(|| {
            let names: Vec<&str> = orders.iter().map(|order| order.name).collect();
            Refusal::Request(format!("sort must be one of {}, with - before it to reverse", names.join(", ")))
        })?;
        let mut paging = Self { order: *order, descending, after: None, limit };
        paging.after = after.map(|text| paging.parse(text)).transpose()?;
        Ok(paging)
    }

    /// The cursor of an item.
    pub(crate) fn cursor(&self, key: Key, id: Key) -> String {
        let cursor = Cursor(self.word(), key, id);
        // Texts and numbers always have a JSON form.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
    }

    fn parse(&self, text: &str) -> Result<(Key, Key), Refusal> {
        let wrong = || {
            Refusal::Request("after must be what the last answer had as next, with the same sort".to_owned())
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
        let Cursor(word, key, id) = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
        let fits =
            matches!((self.order.sort, &key), (Sort::Number, Key::Number(_)) | (Sort::Text, Key::Text(_)));
        let legal = |key: &Key| !matches!(key, Key::Text(text) if text.contains('\0'));
        if word == self.word() && fits && legal(&key) && legal(&id) { Ok((key, id)) } else { Err(wrong()) }
    }

    fn word(&self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.order.name)
    }
}

/// Checks a text that is searched for.
///
/// # Errors
/// When it is too long, or holds what no name holds.
pub(crate) fn search(text: Option<String>) -> Result<Option<String>, Refusal> {
    match text {
        Some(text) if text.chars().count() > MAX_SEARCH || text.contains('\0') => {
            Err(Refusal::Request(format!("search must have at most {MAX_SEARCH} characters and no NUL")))
        }
        Some(text) if text.trim().is_empty() => Ok(None),
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: &[Order] = &[
        Order { name: "name", column: "name_key", sort: Sort::Text },
        Order { name: "time", column: "at", sort: Sort::Number },
    ];

    fn read(sort: Option<&str>, after: Option<&str>, limit: Option<u32>) -> Result<Paging, Refusal> {
        Paging::read(ORDERS, sort, "-time", after, limit)
    }

    #[test]
    fn a_cursor_comes_back_as_it_was_and_only_to_its_own_order() {
        let paging = read(Some("name"), None, None).expect("it is an order");
        let text = paging.cursor(Key::Text("ä \"".to_owned()), Key::Text("1".to_owned()));
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
        let again = read(Some("name"), Some(&text), None).expect("it is a cursor");
        assert_eq!(again.after, Some((Key::Text("ä \"".to_owned()), Key::Text("1".to_owned()))));
        for sort in [Some("-name"), Some("time"), None] {
            assert!(matches!(read(sort, Some(&text), None), Err(Refusal::Request(_))));
        }
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for (sort, after, limit) in [
            (Some("colour"), None, None),
            (Some("--name"), None, None),
            (None, Some("x"), None),
            (None, Some(""), None),
            (None, None, Some(0)),
            (None, None, Some(MAX_ITEMS + 1)),
        ] {
            assert!(
                matches!(read(sort, after, limit), Err(Refusal::Request(_))),
                "{sort:?} {after:?} {limit:?}"
            );
        }
    }
}
