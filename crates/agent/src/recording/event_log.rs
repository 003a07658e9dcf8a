//! What `wevtutil qe … /f:xml` prints: events one after another, each an element of its own.

use std::time::SystemTime;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Observation, Seen};

/// The most values of one event that are kept, and the longest, in characters.
const MAX_DETAILS: usize = 16;
const MAX_DETAIL: usize = 256;

/// Reads the events of a log. Their moments are counted from when the recording began; one that was logged before counts as
/// logged at the beginning. What is no event, or has no number or time, is left out.
#[must_use]
pub fn logged_events(log: &str, xml: &str, began: SystemTime) -> Vec<Observation> {
    let began = OffsetDateTime::from(began);
    xml.split("<Event ").skip(1).filter_map(|event| observation(log, event, began)).collect()
}

fn observation(log: &str, event: &str, began: OffsetDateTime) -> Option<Observation> {
    let id = content(event, "EventID")?.trim().parse().ok()?;
    let time = attribute(event, "SystemTime")?.to_owned();
    let at = (OffsetDateTime::parse(&time, &Rfc3339).ok()? - began).whole_milliseconds();
    let user = attribute(event, "UserID").map(str::to_owned);
    let details = event.split("<Data").skip(1).take(MAX_DETAILS).filter_map(|data| {
        let text = data.split_once('>')?.1.split('<').next()?;
        Some(text.chars().take(MAX_DETAIL).collect())
    });
    let seen = Seen::Logged { log: log.to_owned(), id, time, user, details: details.collect() };
    Some(Observation { at: u64::try_from(at).unwrap_or_default(), seen })
}

/// The text of the first element of this name.
fn content<'a>(event: &'a str, element: &str) -> Option<&'a str> {
    let (_, rest) = event.split_once(&format!("<{element}"))?;
    rest.split_once('>')?.1.split('<').next()
}

/// The first attribute of this name; either quote can be around it.
fn attribute<'a>(event: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = event.split_once(&format!(" {name}="))?;
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    rest[1..].split_once(quote).map(|(value, _)| value)
}
