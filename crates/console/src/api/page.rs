use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

use crate::domain::{self, Order, Paging, Refusal, UnixMillis};

/// One page of a list that can grow.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Page<T> {
    items: Vec<T>,
    /// What to ask for with `after` to get those that follow, with all else the same; null at the end.
    next: Option<String>,
}

impl<T> Page<T> {
    pub(super) fn of<I: Into<T>>(page: domain::Page<I>) -> Self {
        Self { items: page.items.into_iter().map(Into::into).collect(), next: page.next }
    }
}

/// What a request says to a list that is searched and ordered, and has no filters of its own.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Searched {
    search: Option<String>,
    sort: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

impl Searched {
    /// What is searched for, and the page; see [`Paging::read`].
    pub(super) fn read(self, orders: &[Order], usual: &str) -> Result<(Option<String>, Paging), Refusal> {
        let Self { search, sort, after, limit } = self;
        let paging = Paging::read(orders, sort.as_deref(), usual, after.as_deref(), limit)?;
        Ok((domain::search(search)?, paging))
    }
}

/// A moment that a request names.
pub(super) fn moment(name: &str, text: Option<&str>) -> Result<Option<UnixMillis>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|error| {
        Refusal::Request(format!("{name} must be a time such as 2026-11-22T08:00:00Z (RFC 3339): {error}"))
    })?;
    let millis = i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
    Ok(Some(UnixMillis(millis)))
}
