use mp_dataset::{Held, Override, Overrides, Side};
use mp_profile::Scope;
use serde::{Deserialize, Serialize};

/// Overrides of one report that are named; further ones are only counted.
const MAX_NAMED: usize = 256;

/// What two sessions of a user changed in different ways.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OverrideReports {
    /// The first of them.
    pub named: Vec<OverrideReport>,
    /// How many more there were.
    #[serde(default)]
    pub more: usize,
}

/// An item that two sessions changed in different ways, without its contents: both are kept in the history of the data set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OverrideReport {
    /// The data set's scope.
    pub scope: Scope,
    /// The key, value or file.
    pub place: String,
    /// Whether this session's content stays; otherwise that of the other one does.
    pub mine_kept: bool,
    /// What the other session's data set held, in short.
    pub theirs: String,
    /// What this session's held.
    pub mine: String,
}

impl OverrideReports {
    /// Whether nothing was overridden.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.named.is_empty() && self.more == 0
    }

    /// How many there are, named or not.
    #[must_use]
    pub fn total(&self) -> usize {
        self.named.len() + self.more
    }

    /// Adds what a merge of this scope overrode.
    pub fn add(&mut self, scope: &Scope, overrides: &Overrides) {
        let report = |found: &Override| OverrideReport {
            scope: scope.clone(),
            place: found.place.to_string(),
            mine_kept: found.kept == Side::Mine,
            theirs: in_short(&found.theirs),
            mine: in_short(&found.mine),
        };
        let room = MAX_NAMED.saturating_sub(self.named.len());
        let named = overrides.named.iter().take(room).map(report);
        let before = self.named.len();
        self.named.extend(named);
        self.more += overrides.total().saturating_sub(self.named.len() - before);
    }
}

/// What was held, without a user's data: reports are read by more people than data sets.
fn in_short(held: &Held) -> String {
    match held {
        Held::Value { ty, len, .. } => format!("{ty:?} of {len} bytes"),
        Held::Class(Some(_)) => "a class".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use mp_dataset::{Held, ItemPlace, Override, Overrides, Side};
    use mp_profile::Scope;
    use mp_registry::{KeyPath, ValueType};

    use super::{MAX_NAMED, OverrideReports};

    #[test]
    fn names_are_reported_and_contents_are_not() {
        let held = Held::Value { ty: ValueType::SZ, len: 14, start: "secret".into() };
        let found = Override {
            place: ItemPlace::Value(KeyPath::parse("Software\\App"), "Theme".into()),
            theirs: held,
            mine: Held::Deleted,
            kept: Side::Mine,
        };
        let overrides =
            Overrides { named: vec![found; MAX_NAMED], theirs_overridden: MAX_NAMED + 4, mine_overridden: 0 };
        let mut reports = OverrideReports::default();
        assert!(reports.is_empty());
        reports.add(&Scope::Global, &overrides);
        reports.add(&Scope::Global, &overrides);
        assert_eq!((reports.named.len(), reports.total()), (MAX_NAMED, 2 * (MAX_NAMED + 4)));
        let first = &reports.named[0];
        assert_eq!((first.place.as_str(), first.mine.as_str()), ("HKCU\\Software\\App: Theme", "deleted"));
        assert!(first.theirs.ends_with("of 14 bytes"), "{first:?}");
        assert!(!serde_json::to_string(&reports).unwrap_or_default().contains("secret"));
    }
}
