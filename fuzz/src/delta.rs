use std::sync::LazyLock;

use mp_dataset::{
    DELTA_MAGIC, DataSet, Delta, Dictionary, Limits, MAX_UNPACKED, Origin, check, encode, repack, unpack,
};
use mp_registry::{KeyPath, Value, ValueEdit};

static DICTIONARY: LazyLock<Dictionary> =
    LazyLock::new(|| Dictionary::of(&delta_base()).expect("it was encoded just now"));

/// The data set file against which the target takes all deltas.
///
/// # Panics
/// Never: it is small.
#[must_use]
pub fn delta_base() -> Vec<u8> {
    let mut set =
        DataSet { origin: Origin { host: "TS1".to_owned(), ..Origin::default() }, ..DataSet::default() };
    for number in 0..60_u32 {
        let key = set.registry.at_or_pass(&KeyPath::parse(&format!("Software\\Contoso\\{}", number / 8)));
        key.edit_value(ValueEdit::Set(Value::dword(format!("Zoom {number}").as_str(), 100 + number)));
    }
    let mut file = Vec::new();
    encode(&set, &mut file).expect("a small data set can be encoded");
    file
}

/// A data set as the difference against another one: reading never panics and takes no more memory than is allowed, and what
/// comes out is an intact file.
///
/// The bytes are taken as a delta, as the frame behind the header of one, and as an unpacked data set.
///
/// # Panics
/// When that is not so.
pub fn delta(data: &[u8]) {
    apply(data);
    apply(&[&DELTA_MAGIC[..], &DICTIONARY.hash(), data].concat());
    if let Ok(file) = repack(data, &Limits::default()) {
        let again = unpack(&file, &Limits::default());
        assert_eq!(again.ok().as_deref(), Some(data), "the file is that of another unpacked form");
    }
}

fn apply(data: &[u8]) {
    let Ok(delta) = Delta::read(data) else { return };
    assert!(delta.unpacked_len() <= MAX_UNPACKED, "a length over the limit was taken");
    if let Ok(file) = delta.apply(&DICTIONARY) {
        assert!(check(&file, &Limits::default()).is_ok(), "a damaged file came out");
    }
}
