// The numbered events of the Agent's event source. `build.rs` makes the message table of this file, so it uses nothing.
// `docs/reference/events.md` lists the same events, which a test compares.

/// How serious an event is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Level {
    /// For the record.
    Information,
    /// Something needs a look.
    Warning,
    /// Something does not work.
    Error,
}

/// A numbered event. `%1`, `%2` … in its text are what it is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Event {
    /// Its number, which stays for ever.
    pub(crate) id: u32,
    pub(crate) level: Level,
    pub(crate) text: &'static str,
}

/// The service runs.
pub(crate) const STARTED: Event =
    Event { id: 1, level: Level::Information, text: "The Agent %1 has started. Its folder is %2." };
/// The service has ended as it was told.
pub(crate) const STOPPED: Event = Event { id: 2, level: Level::Information, text: "The Agent has stopped." };
/// The service could not start.
pub(crate) const NOT_STARTED: Event =
    Event { id: 3, level: Level::Error, text: "The Agent cannot start: %1" };
/// Logon and logoff scripts find nobody.
pub(crate) const NO_PIPE: Event = Event {
    id: 4,
    level: Level::Error,
    text: "The Agent cannot listen for logon and logoff scripts: %1. Sessions are served when Windows tells of them.",
};
/// The installer's attempt to join the farm failed, of which Windows Installer says a number only.
pub(crate) const NOT_JOINED: Event = Event {
    id: 5,
    level: Level::Error,
    text: "The MetaProfiles Agent is not installed, for this machine cannot join the farm: %1. Mend this and install again.",
};
/// What is logged as an error and has no code.
pub(crate) const ERROR: Event = Event { id: 10, level: Level::Error, text: "%1" };
/// What is logged as a warning and has no code.
pub(crate) const WARNING: Event = Event { id: 11, level: Level::Warning, text: "%1" };

/// All of them but those of the codes.
#[allow(dead_code, reason = "the build script and a test use it")]
pub(crate) const EVENTS: [Event; 7] = [STARTED, STOPPED, NOT_STARTED, NO_PIPE, NOT_JOINED, ERROR, WARNING];

/// The problem with code `MP-AGT-nnn` is event 1000 + nnn.
pub(crate) const OF_CODES: std::ops::RangeInclusive<u32> = 1000..=1199;
/// Text of the events of codes: the message, and the code.
#[allow(dead_code, reason = "the build script and a test use it")]
pub(crate) const CODE_TEXT: &str = "%1 (%2)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_lists_the_same_events() {
        let page = include_str!("../../../docs/reference/events.md");
        let rows: Vec<Vec<&str>> = page
            .lines()
            .filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit())
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        let mut expected: Vec<[String; 3]> = EVENTS
            .iter()
            .map(|event| [event.id.to_string(), format!("{:?}", event.level), event.text.to_owned()])
            .collect();
        let codes = format!("{} to {}", OF_CODES.start(), OF_CODES.end());
        expected.push([codes, "Warning or Error".to_owned(), CODE_TEXT.to_owned()]);
        assert_eq!(rows.iter().map(|row| &row[..3]).collect::<Vec<_>>(), expected);
    }
}
