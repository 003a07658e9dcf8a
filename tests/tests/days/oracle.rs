//! What each user did, and whether it is where it belongs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use mp_dataset::DataSet;
use mp_profile::Sid;
use mp_registry::{KeyPath, ValueEdit};

pub(crate) const APP: &str = r"Software\App";
pub(crate) const ITEMS: [&str; 4] = ["Theme", "Font", "Zoom", "Path"];

/// Texts that storage has acknowledged, or took without its acknowledgement being heard. Each is written once in a day.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) stored: BTreeSet<String>,
    pub(crate) beside: BTreeSet<String>,
}

impl Ledger {
    pub(crate) fn stored(&mut self, set: &DataSet) {
        self.stored.extend(texts(set).into_values());
    }

    pub(crate) fn quarantined(&mut self, set: &DataSet) {
        self.beside.extend(texts(set).into_values());
    }

    pub(crate) fn has(&self, text: &str) -> bool {
        self.stored.contains(text) || self.beside.contains(text)
    }
}

/// What a data set says of the items.
pub(crate) fn texts(set: &DataSet) -> BTreeMap<&'static str, String> {
    let Some(app) = set.registry.at(&KeyPath::parse(APP)) else { return BTreeMap::new() };
    let text = |item: &'static str| match app.value(&item.into())? {
        ValueEdit::Set(value) => Some((item, value.to_text()?)),
        ValueEdit::Delete(_) => None,
    };
    ITEMS.into_iter().filter_map(text).collect()
}

/// A user sets an item, having seen what was there before.
#[derive(Clone)]
pub(crate) struct Write {
    pub(crate) sid: Sid,
    pub(crate) item: &'static str,
    pub(crate) text: String,
    saw: Option<String>,
    /// Host and load of the hive in which it was done.
    pub(crate) load: (usize, u64),
    /// It was lost with the machine or the service, before anything could be exported.
    excused: bool,
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, load) = self.load;
        let saw = self.saw.as_deref().unwrap_or("nothing");
        write!(f, "{} over {saw} in load {load} of host {host}", self.text)
    }
}

/// All that users did in a day.
#[derive(Default)]
pub(crate) struct Oracle {
    pub(crate) writes: Vec<Write>,
}

/// What became of the writes of some days.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Tally {
    pub(crate) days: u64,
    pub(crate) writes: usize,
    pub(crate) in_storage: usize,
    pub(crate) only_in_quarantine: usize,
    pub(crate) lost_with_machine: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, day: &Self) {
        self.days += 1;
        self.writes += day.writes;
        self.in_storage += day.in_storage;
        self.only_in_quarantine += day.only_in_quarantine;
        self.lost_with_machine += day.lost_with_machine;
    }
}

impl Oracle {
    pub(crate) fn write(
        &mut self,
        sid: &Sid,
        item: &'static str,
        text: &str,
        saw: Option<String>,
        load: (usize, u64),
    ) {
        let (sid, text) = (sid.clone(), text.to_owned());
        self.writes.push(Write { sid, item, text, saw, load, excused: false });
    }

    /// The writes of a load of the hive that nothing later has taken the place of in it.
    pub(crate) fn last_of_load(&self, load: (usize, u64)) -> Vec<Write> {
        let mut last = BTreeMap::new();
        for write in self.writes.iter().filter(|write| write.load == load) {
            last.insert(write.item, write.clone());
        }
        last.into_values().collect()
    }

    /// What a load held that went with the machine is nobody's fault, as far as it is nowhere.
    pub(crate) fn excuse(&mut self, load: (usize, u64), is_safe: impl Fn(&str) -> bool) {
        for item in ITEMS {
            let of_item =
                self.writes.iter_mut().rev().filter(|write| write.load == load && write.item == item);
            // What came before something safe was replaced by it.
            for write in of_item.take_while(|write| !is_safe(&write.text)) {
                write.excused = true;
            }
        }
    }

    /// Checks a user's items when everything has come to rest.
    pub(crate) fn check(
        &self,
        sid: &Sid,
        current: &BTreeMap<&'static str, String>,
        ledger: &Ledger,
    ) -> Tally {
        let mut tally = Tally::default();
        for item in ITEMS {
            let writes: Vec<&Write> =
                self.writes.iter().filter(|write| write.sid == *sid && write.item == item).collect();
            let counted: Vec<&&Write> = writes.iter().filter(|write| !write.excused).collect();
            let seen_by =
                |text: &str, among: &[&Write]| among.iter().any(|write| write.saw.as_deref() == Some(text));
            for write in &counted {
                tally.writes += 1;
                let taken_over = counted.iter().any(|other| other.saw.as_ref() == Some(&write.text));
                let safe = ledger.has(&write.text) || taken_over;
                assert!(safe, "LOST: {write:?} is neither stored nor kept beside");
                tally.in_storage += usize::from(ledger.stored.contains(&write.text));
                tally.only_in_quarantine +=
                    usize::from(!ledger.stored.contains(&write.text) && ledger.beside.contains(&write.text));
            }
            tally.lost_with_machine += writes.len() - counted.len();
            let delivered: Vec<&Write> =
                writes.iter().filter(|write| ledger.stored.contains(&write.text)).copied().collect();
            match current.get(item) {
                Some(text) if delivered.iter().any(|write| write.text == *text) => {
                    assert!(
                        !seen_by(text, &delivered),
                        "TURNED BACK: {item} of {sid} is {text}, though a later session replaced it: {delivered:#?}"
                    );
                }
                other => assert!(
                    delivered.is_empty(),
                    "LOST: {item} of {sid} is {other:?}, though it was stored as {delivered:#?}"
                ),
            }
        }
        tally
    }
}
