//! Data sets as differences: exactly the same file comes out, or none; and little is sent of what changed little.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[allow(dead_code, reason = "shared with an example that uses more of it")]
mod peer;

use common::{data_sets, encoded};
use mp_dataset::{
    DELTA_HEADER_LEN, DELTA_MAGIC, DataSet, DecodeError, Delta, DeltaError, Dictionary, FileChange,
    FileContent, FileEntry, FilePath, Limits, MAX_UNPACKED, RepackError, UnknownFields, repack, unpack,
};
use mp_registry::{FileTime, KeyEdit, KeyPath, Value, ValueEdit, ValueType};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

/// Most that may be sent of a data set of which 1 % changed, in percent.
const MOST: usize = 5;

fn sent(from: &[u8], to: &[u8]) -> Vec<u8> {
    Dictionary::of(from).unwrap().delta(to).unwrap()
}

fn received(from: &[u8], delta: &[u8]) -> Result<Vec<u8>, DeltaError> {
    Delta::read(delta)?.apply(&Dictionary::of(from).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_changed_the_same_file_comes_out(from in data_sets(), to in data_sets()) {
        let (from, to) = (encoded(&from), encoded(&to));
        prop_assert_eq!(repack(&unpack(&to, &Limits::default()).unwrap(), &Limits::default()).unwrap(), to.clone());
        prop_assert_eq!(received(&from, &sent(&from, &to)).unwrap(), to);
    }

    #[test]
    fn a_small_change_comes_out_too(set in data_sets(), every in 1_usize..20) {
        let (from, to) = (encoded(&set), encoded(&changed(set.clone(), every)));
        prop_assert_eq!(received(&from, &sent(&from, &to)).unwrap(), to);
    }

    /// Bytes that were damaged on the way give an error, or the very file where the damage makes no difference.
    #[test]
    fn damage_is_noticed(
        from in data_sets(),
        to in data_sets(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let (from, to) = (encoded(&from), encoded(&to));
        let delta = sent(&from, &to);
        prop_assert!(received(&from, &delta[..cut.index(delta.len())]).is_err());
        let mut damaged = delta;
        for (at, byte) in edits {
            let at = at.index(damaged.len());
            damaged[at] = byte;
        }
        if let Ok(file) = received(&from, &damaged) {
            prop_assert_eq!(file, to);
        }
    }
}

#[test]
fn it_names_its_dictionary_as_rfc_9842_says() {
    let (from, to) = (encoded(&settings(50)), encoded(&changed(settings(50), 10)));
    let delta = sent(&from, &to);
    let hash: [u8; 32] = Sha256::digest(unpack(&from, &Limits::default()).unwrap()).into();
    assert_eq!(delta[..8], [0x5E, 0x2A, 0x4D, 0x18, 0x20, 0, 0, 0]);
    assert_eq!(delta[8..DELTA_HEADER_LEN], hash);
    // Any decompressor of zstd that is given the dictionary takes it, header and all.
    let dictionary = unpack(&from, &Limits::default()).unwrap();
    let mut plain = zstd::Decoder::with_dictionary(&delta[..], &dictionary).unwrap();
    plain.window_log_max(27).unwrap();
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut plain, &mut unpacked).unwrap();
    assert_eq!(unpacked, unpack(&to, &Limits::default()).unwrap());
}

#[test]
fn another_dictionary_is_refused() {
    let (from, other, to) = (encoded(&settings(50)), encoded(&settings(51)), encoded(&settings(52)));
    let delta = sent(&from, &to);
    assert!(matches!(received(&other, &delta), Err(DeltaError::OtherDictionary)));
    // And where the name in the header is changed to fit, what comes out is not the file.
    let mut forged = delta;
    forged[8..DELTA_HEADER_LEN].copy_from_slice(&Dictionary::of(&other).unwrap().hash());
    assert!(received(&other, &forged).is_err());
}

#[test]
fn bombs_are_refused_before_they_are_unpacked() {
    let (from, zeroes) = (encoded(&settings(5)), vec![0_u8; MAX_UNPACKED + 1]);
    let hash = Dictionary::of(&from).unwrap().hash();
    let delta = |frame: &[u8]| [&DELTA_MAGIC[..], &hash, frame].concat();
    let told = zstd::bulk::compress(&zeroes, 1).unwrap();
    assert!(
        matches!(received(&from, &delta(&told)), Err(DeltaError::Length { found, .. }) if found == 1 + (32 << 20))
    );
    // A frame of unknown length would have to be unpacked to know.
    let mut untold = zstd::Encoder::new(Vec::new(), 1).unwrap();
    std::io::Write::write_all(&mut untold, &zeroes).unwrap();
    let untold = untold.finish().unwrap();
    assert!(matches!(received(&from, &delta(&untold)), Err(DeltaError::Malformed { .. })));
    // One that lies about its length: here the frame's own field, four bytes wide, says 1000.
    let mut lies = told.clone();
    let at = lies
        .windows(4)
        .position(|bytes| bytes == (u32::try_from(MAX_UNPACKED + 1).unwrap()).to_le_bytes())
        .unwrap();
    lies[at..at + 4].copy_from_slice(&1000_u32.to_le_bytes());
    assert!(matches!(
        received(&from, &delta(&lies)),
        Err(DeltaError::Zstd(_) | DeltaError::Malformed { .. })
    ));
    // Two frames, and a frame of nothing but a skippable one.
    let two = [told.as_slice(), told.as_slice()].concat();
    assert!(received(&from, &delta(&two)).is_err());
    assert!(received(&from, &delta(&DELTA_MAGIC)).is_err());
}

/// Another build packs otherwise; here it is a file that was packed by hand.
#[test]
fn a_file_that_is_packed_otherwise_is_noticed() {
    let set = settings(20);
    let foreign = common::file_of(&common::content_of(&encoded(&set)));
    let delta = sent(&encoded(&set), &foreign);
    let error = received(&encoded(&set), &delta).unwrap_err();
    assert!(matches!(error, DeltaError::Repack(RepackError::OtherFile { .. })), "{error}");
    // As a base it is as good as any: it is only unpacked.
    let file = encoded(&changed(set, 4));
    assert_eq!(received(&foreign, &sent(&foreign, &file)).unwrap(), file);
}

#[test]
fn what_is_too_long_travels_whole() {
    let mut set = settings(1);
    set.files.push(file("large.bin", vec![7; MAX_UNPACKED]));
    let large = encoded(&set);
    let small = encoded(&settings(1));
    assert!(matches!(
        Dictionary::of(&large),
        Err(DeltaError::Dictionary(DecodeError::Limit { what: "length of the content", .. }))
    ));
    assert!(matches!(Dictionary::of(&small).unwrap().delta(&large), Err(DeltaError::File(_))));
}

#[test]
fn one_changed_percent_is_sent_in_five_percent_of_the_bytes() {
    let mut set = settings(20_000);
    set.files = (0..40).map(|n| file(&format!("{n:02}.dat"), noise(n, 20_000))).collect();
    check("20,000 values and 40 files", &set);
}

#[test]
fn one_changed_percent_of_real_settings_is_sent_in_five_percent_of_the_bytes() {
    let hives = peer::software();
    if hives.is_empty() {
        println!(
            "SKIPPED one_changed_percent_of_real_settings_is_sent_in_five_percent_of_the_bytes: no test data"
        );
        return;
    }
    for hive in &hives {
        for times in [false, true] {
            check(&hive.hive, &hive.data_set(times));
        }
    }
}

fn check(name: &str, set: &DataSet) {
    let (from, to) = (encoded(set), encoded(&changed(set.clone(), 100)));
    assert_ne!(from, to);
    let delta = sent(&from, &to);
    assert_eq!(received(&from, &delta).unwrap(), to, "{name}");
    println!("{name}: {} of {} bytes", delta.len(), to.len());
    assert!(delta.len() * 100 <= to.len() * MOST, "{name}: {} of {} bytes", delta.len(), to.len());
}

/// The same with every n-th value and file changed, exported a minute later.
fn changed(mut set: DataSet, every: usize) -> DataSet {
    set.origin.exported = FileTime(set.origin.exported.0.wrapping_add(600_000_000));
    let mut count = 0;
    set.registry = changed_key(set.registry, every, &mut count);
    for entry in set.files.iter_mut().step_by(every) {
        if let FileChange::Present(file) = &mut entry.change {
            let mut bytes = file.bytes.to_vec();
            bytes.extend_from_slice(b" and a line more");
            file.bytes = bytes.into();
        }
    }
    set
}

fn changed_key(mut key: KeyEdit, every: usize, count: &mut usize) -> KeyEdit {
    for edit in key.values().to_vec() {
        *count += 1;
        if let ValueEdit::Set(mut value) = edit
            && count.is_multiple_of(every)
        {
            match value.data.len() {
                0 => value.data = vec![1].into(),
                len => {
                    let mut data = value.data.to_vec();
                    data[len / 2] = data[len / 2].wrapping_add(1);
                    value.data = data.into();
                }
            }
            key.edit_value(ValueEdit::Set(value));
        }
    }
    let subkeys = key.clone().into_parts().1;
    key.replace_subkeys(subkeys.into_iter().map(|subkey| changed_key(subkey, every, count)).collect());
    key
}

/// Settings as programs keep them: numbers, texts and some binary.
fn settings(values: usize) -> DataSet {
    let mut set = DataSet::default();
    set.origin.sid = "S-1-5-21-1-2-3-1001".to_owned();
    for n in 0..values {
        let path = format!("Software\\Vendor {}\\Program {}\\Settings", n / 400, n / 20);
        let name = format!("Setting {n}");
        let name = name.as_str();
        let value = match n % 4 {
            0 => Value::dword(name, u32::from_le_bytes(noise(n, 4).try_into().unwrap())),
            1 => Value::sz(
                name,
                &format!("C:\\Users\\somebody\\Documents\\{n}\\report-{}.docx", n * 7919 % 1000),
            ),
            2 => Value::sz(name, if n % 8 == 2 { "true" } else { "Segoe UI" }),
            _ => Value::new(name, ValueType::BINARY, noise(n, 24)),
        };
        set.registry.at_or_pass(&KeyPath::parse(&path)).edit_value(ValueEdit::Set(value));
    }
    set
}

fn file(name: &str, bytes: Vec<u8>) -> FileEntry {
    FileEntry {
        path: FilePath {
            folder: "RoamingAppData".to_owned(),
            components: vec!["Vendor".into(), name.into()],
        },
        change: FileChange::Present(FileContent {
            modified: FileTime(1),
            attributes: Default::default(),
            bytes: bytes.into(),
        }),
        unknown: UnknownFields::default(),
    }
}

/// Bytes that do not compress.
fn noise(seed: usize, len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len + 32);
    let mut hash: [u8; 32] = Sha256::digest(seed.to_le_bytes()).into();
    while bytes.len() < len {
        bytes.extend_from_slice(&hash);
        hash = Sha256::digest(hash).into();
    }
    bytes.truncate(len);
    bytes
}
