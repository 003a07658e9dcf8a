use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

use crate::domain::{self, Refusal, UnixMillis};

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

/// A moment that a request names.
pub(super) fn moment(name: &str, text: Option<&str>) -> Result<Option<UnixMillis>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|error| {
        Refusal::Request(format!("{name} must be a time such as 2026-11-22T08:00:00Z (RFC 3339): {error}"))
    })?;
    let millis = i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
    Ok(Some(UnixMillis(millis)))
}
