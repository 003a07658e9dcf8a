use mp_registry::FileTime;

const INTERVALS_PER_SECOND: u64 = 10_000_000;
const SECONDS_PER_DAY: u64 = 86_400;
/// 1601-01-01, where a `FILETIME` begins, in days since 0000-03-01 of the Gregorian calendar.
const DAYS_BEFORE: u64 = 584_694;
/// Days of 400 years, after which the Gregorian calendar repeats itself.
const DAYS_PER_ERA: u64 = 146_097;

/// A time as RFC 3339 in UTC with seven decimals, which is all that a `FILETIME` holds. Years after 9999, which only garbage
/// has, are written with five digits and a plus sign (ISO 8601).
pub(crate) fn time_text(time: FileTime) -> String {
    let fraction = time.0 % INTERVALS_PER_SECOND;
    let seconds = time.0 / INTERVALS_PER_SECOND;
    let (year, month, day) = date(seconds / SECONDS_PER_DAY);
    let second = seconds % SECONDS_PER_DAY;
    let plus = if year > 9999 { "+" } else { "" };
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{plus}{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:07}Z")
}

/// Reads what [`time_text`] writes, with any number of decimals from none to seven.
pub(crate) fn parse_time(text: &str) -> Option<FileTime> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date.trim_start_matches('+').split('-'))?;
    let (clock, decimals) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = numbers(clock.split(':'))?;
    if decimals.len() > 7 || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let [fraction] = numbers(std::iter::once(format!("{decimals:0<7}").as_str()))?;
    let seconds = (days(year, month, day)? * 24 + hour) * 3600 + minute * 60 + second;
    seconds.checked_mul(INTERVALS_PER_SECOND)?.checked_add(fraction).map(FileTime)
}

fn numbers<'a, const N: usize>(mut parts: impl Iterator<Item = &'a str>) -> Option<[u64; N]> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        let part = parts.next().filter(|part| (1..=7).contains(&part.len()))?;
        *number = part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(numbers)
}

/// Year, month and day of a day since 1601-01-01. Counted in years that begin in March, so that the leap day is the last
/// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
fn date(day: u64) -> (u64, u64, u64) {
    let day = day + DAYS_BEFORE;
    let (era, day) = (day / DAYS_PER_ERA, day % DAYS_PER_ERA);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

/// The day since 1601-01-01; `None` if there is no such date, or it lies before.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let from_march = if month > 2 { year } else { year.checked_sub(1)? };
    let (era, year_of_era) = (from_march / 400, from_march % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let since = (era * DAYS_PER_ERA + day_of_era).checked_sub(DAYS_BEFORE)?;
    // The way back shows the 30th of February and the 13th month for what they are.
    (date(since) == (year, month, day)).then_some(since)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (time, text) in [
            (0, "1601-01-01T00:00:00.0000000Z"),
            (FileTime::UNIX_EPOCH.0, "1970-01-01T00:00:00.0000000Z"),
            (125_963_423_999_999_999, "2000-02-29T23:59:59.9999999Z"),
            (125_963_424_000_000_000, "2000-03-01T00:00:00.0000000Z"),
            (u64::MAX, "+60056-05-28T05:36:10.9551615Z"),
        ] {
            assert_eq!(time_text(FileTime(time)), text);
            assert_eq!(parse_time(text), Some(FileTime(time)));
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "Z",
            "2000-02-30T00:00:00Z",
            "2001-02-29T00:00:00Z",
            "2000-13-01T00:00:00Z",
            "2000-00-01T00:00:00Z",
            "2000-01-00T00:00:00Z",
            "1600-12-31T00:00:00Z",
            "2000-01-01T24:00:00Z",
            "2000-01-01T00:00:00",
            "2000-01-01T00:00:00.12345678Z",
            "2000-01-01T00:00Z",
            "99999-01-01T00:00:00Z",
            "2000-01-01T00:00:+1Z",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
        assert_eq!(parse_time("1601-01-01T00:00:00.5Z"), Some(FileTime(5_000_000)));
    }

    proptest! {
        #[test]
        fn every_time_survives(time: u64) {
            prop_assert_eq!(parse_time(&time_text(FileTime(time))), Some(FileTime(time)));
        }
    }
}
