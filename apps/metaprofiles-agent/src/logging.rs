//! Where the program's words go: to standard error, or, of the service, to a log file and the event log.

use std::{fmt::Write as _, path::Path, sync::Mutex};

use anyhow::{Context as _, Result};
use mp_agent::{LogFile, LogLevel, MAX_LOG, PolicySettings};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

use crate::events;

/// How much is said when nobody says how much: by commands, and by the service.
const COMMANDS: LogLevel = LogLevel::Error;
const SERVICE: LogLevel = LogLevel::Information;

/// Log to standard error.
pub(crate) fn to_standard_error(settings: &PolicySettings) {
    let to_screen = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(filter(settings, COMMANDS)).with(to_screen).init();
}

/// Log to `agent.log` in this folder, and warnings and errors to the event log, too. In the foreground, also to standard
/// error.
pub(crate) fn of_service(settings: &PolicySettings, folder: &Path, foreground: bool) -> Result<()> {
    let file = LogFile::open(folder, MAX_LOG)
        .with_context(|| format!("cannot write the log in \"{}\"", folder.display()))?;
    let to_file = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
    let to_screen = foreground.then(|| tracing_subscriber::fmt::layer().with_writer(std::io::stderr));
    tracing_subscriber::registry()
        .with(filter(settings, SERVICE))
        .with(to_file)
        .with(to_screen)
        .with(ToEventLog)
        .init();
    Ok(())
}

fn filter(settings: &PolicySettings, otherwise: LogLevel) -> Targets {
    // Without regular expressions, which would be a tenth of the program.
    let given = std::env::var("METAPROFILES_LOG").ok().and_then(|text| text.parse().ok());
    let level = settings.log_level.unwrap_or(otherwise).name().parse().unwrap_or(LevelFilter::ERROR);
    given.unwrap_or_else(|| Targets::new().with_default(level))
}

/// Writes a numbered event into the event log, and its text into the log. Nothing is to be done when that fails.
pub(crate) fn event(event: &events::Event, texts: &[&str]) {
    let mut text = event.text.to_owned();
    for (number, insert) in texts.iter().enumerate() {
        text = text.replace(&format!("%{}", number + 1), insert);
    }
    // The layer leaves these alone: they are written here, under their own number.
    match event.level {
        events::Level::Information => tracing::info!(target: OWN, "{text}"),
        events::Level::Warning => tracing::warn!(target: OWN, "{text}"),
        events::Level::Error => tracing::error!(target: OWN, "{text}"),
    }
    write(event.id, event.level, texts);
}

const OWN: &str = "event";

#[cfg(windows)]
fn write(id: u32, level: events::Level, texts: &[&str]) {
    use std::sync::OnceLock;

    use mp_windows::service::{DISPLAY_NAME, EventLevel, EventSource};
    static SOURCE: OnceLock<Option<EventSource>> = OnceLock::new();
    let level = match level {
        events::Level::Information => EventLevel::Information,
        events::Level::Warning => EventLevel::Warning,
        events::Level::Error => EventLevel::Error,
    };
    if let Some(source) = SOURCE.get_or_init(|| EventSource::open(DISPLAY_NAME).ok()) {
        drop(source.report(id, level, texts));
    }
}

#[cfg(not(windows))]
fn write(_: u32, _: events::Level, _: &[&str]) {}

/// Takes warnings and errors into the event log.
struct ToEventLog;

impl<S: Subscriber> Layer<S> for ToEventLog {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let kind = match *event.metadata().level() {
            Level::ERROR => events::ERROR,
            Level::WARN => events::WARNING,
            _ => return,
        };
        if event.metadata().target() == OWN {
            return;
        }
        let mut said = Said::default();
        event.record(&mut said);
        let text = format!("{}{}", said.message, said.fields);
        match said.code.as_deref().and_then(number_of) {
            Some(id) => write(id, kind.level, &[&text, said.code.as_deref().unwrap_or_default()]),
            None => write(kind.id, kind.level, &[&text]),
        }
    }
}

/// The event's number of a code such as `MP-AGT-050`.
fn number_of(code: &str) -> Option<u32> {
    let number: u32 = code.strip_prefix("MP-AGT-")?.parse().ok()?;
    let id = events::OF_CODES.start().checked_add(number)?;
    events::OF_CODES.contains(&id).then_some(id)
}

/// What an event says.
#[derive(Default)]
struct Said {
    message: String,
    code: Option<String>,
    fields: String,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "code" => self.code = Some(value.to_owned()),
            "message" => value.clone_into(&mut self.message),
            _ => self.record_debug(field, &format_args!("{value}")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a text cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, "; {name}: {value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_numbers_and_others_have_none() {
        assert_eq!(number_of("MP-AGT-050"), Some(1050));
        assert_eq!(number_of("MP-AGT-199"), Some(1199));
        for other in ["MP-AGT-200", "MP-AGT-x", "MP-CON-022", "", "MP-AGT-99999999999"] {
            assert_eq!(number_of(other), None, "{other}");
        }
    }
}
