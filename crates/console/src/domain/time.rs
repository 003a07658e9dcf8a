use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A time as the database keeps it: milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct UnixMillis(pub(crate) i64);

impl UnixMillis {
    pub(crate) const SECOND: i64 = 1_000;
    pub(crate) const HOUR: i64 = 3_600 * Self::SECOND;
    pub(crate) const DAY: i64 = 24 * Self::HOUR;

    pub(crate) fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The time with the precision of a second, as certificates have it.
    pub(crate) fn date_time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0.div_euclid(Self::SECOND))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    pub(crate) fn rfc3339(self) -> String {
        // Fails only for years past 9999.
        self.date_time().format(&Rfc3339).unwrap_or_default()
    }
}
