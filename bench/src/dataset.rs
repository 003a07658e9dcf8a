//! Writing and reading data sets: against a ZIP of the `.reg` text that a script would make of the same keys.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};
use mp_dataset::{DataSet, Limits, decode, encode};
use mp_hive::{ReadOptions, parse};
use mp_registry::{
    FileTime, KeyEdit, KeyPath, Name,
    reg_text::{self, CodePage},
};

use crate::{
    made,
    samples::{RUNS, Sample, cpu_ms, fact, note, ratio},
};

/// Bytes of a ZIP around the compressed bytes of its one entry: local header, central entry, end, twice the name.
const ZIP_FRAME: usize = 30 + 46 + 22 + 2 * "settings.reg".len();
/// The hive whose figures stand for one used profile.
const USED_PROFILE: &str = "NTUSER_with_winscp.DAT";

struct Software {
    hive: String,
    set: DataSet,
    set_with_times: DataSet,
    text: Vec<u8>,
}

pub(crate) fn run(data: Option<&Path>) -> Result<()> {
    let all = software(data)?;
    note("dataset: per user hive its whole Software key; CPU milliseconds, each run the least of three");
    note(
        "dataset: the ZIP is of .reg text in UTF-16, deflate level 6; its time is that of deflate and inflate alone, without making \
          and reading the text",
    );
    note("dataset: a sample of ratios has one value per hive");
    let (mut size, mut size_with_times) =
        (Sample::new("dataset.size-to-zip", "x"), Sample::new("dataset.size-with-times-to-zip", "x"));
    let (mut encoding, mut decoding) =
        (Sample::new("dataset.encode-to-deflate", "x"), Sample::new("dataset.decode-to-inflate", "x"));
    let mut reading = Sample::new("dataset.decode-to-inflate-and-reading", "x");
    for software in &all {
        let zipped = deflate(&software.text);
        let file = file_of(&software.set);
        let with_times = file_of(&software.set_with_times);
        ensure!(
            decode(&file[..], &Limits::default())?.data_set() == &software.set,
            "{} changed",
            software.hive
        );
        let zip = (zipped.len() + ZIP_FRAME) as f64;
        size.push(file.len() as f64 / zip);
        size_with_times.push(with_times.len() as f64 / zip);
        let times = Times::measure(software, &zipped, &file);
        encoding.push(median(&times.encode) / median(&times.deflate));
        decoding.push(median(&times.decode) / median(&times.inflate));
        reading.push(median(&times.decode) / median(&times.inflate_and_read));
        if software.hive.ends_with(USED_PROFILE) || all.len() == 1 {
            fact("dataset.used-profile.file", "KB", file.len() as f64 / 1e3);
            fact("dataset.used-profile.file-with-times", "KB", with_times.len() as f64 / 1e3);
            fact("dataset.used-profile.zip", "KB", zip / 1e3);
            fact("dataset.used-profile.reg-text", "KB", software.text.len() as f64 / 1e3);
            times.print();
        }
    }
    fact("dataset.hives", "hives", all.len() as f64);
    for sample in [size, size_with_times, encoding, decoding, reading] {
        sample.print();
    }
    Ok(())
}

#[derive(Default)]
struct Times {
    encode: Vec<f64>,
    decode: Vec<f64>,
    deflate: Vec<f64>,
    inflate: Vec<f64>,
    inflate_and_read: Vec<f64>,
}

impl Times {
    fn measure(software: &Software, zipped: &[u8], file: &[u8]) -> Self {
        let mut times = Self::default();
        for run in 0..=RUNS {
            let encode = cpu_ms(|| file_of(&software.set));
            let deflate = cpu_ms(|| deflate(&software.text));
            let decode = cpu_ms(|| decode(file, &Limits::default()));
            let text = cpu_ms(|| inflate(zipped));
            let read = cpu_ms(|| inflate(zipped).map(|text| reg_text::read(&text, CodePage::default())));
            if run > 0 {
                times.encode.push(encode);
                times.deflate.push(deflate);
                times.decode.push(decode);
                times.inflate.push(text);
                times.inflate_and_read.push(read);
            }
        }
        times
    }

    fn print(&self) {
        let all = [
            ("encode", &self.encode),
            ("deflate", &self.deflate),
            ("decode", &self.decode),
            ("inflate", &self.inflate),
            ("inflate-and-read", &self.inflate_and_read),
        ];
        for (name, values) in all {
            let mut sample = Sample::new(format!("dataset.used-profile.{name}"), "ms");
            values.iter().for_each(|value| sample.push(*value));
            sample.print();
        }
        let of = |name: &str| format!("dataset.used-profile.{name}");
        ratio(of("encode-to-deflate"), of("encode"), of("deflate"));
        ratio(of("decode-to-inflate"), of("decode"), of("inflate"));
        ratio(of("decode-to-inflate-and-read"), of("decode"), of("inflate-and-read"));
        ratio(of("size-to-zip"), of("file"), of("zip"));
    }
}

/// The `Software` keys of all users' hives among the test data, in the order of their paths; without them a made one.
fn software(data: Option<&Path>) -> Result<Vec<Software>> {
    let mut files = Vec::new();
    if let Some(data) = data {
        list(&data.join("hives"), &mut files);
        files.sort();
    }
    let name = Name::from("Software");
    let read = |file: PathBuf| {
        let hive = parse(&std::fs::read(&file).ok()?, ReadOptions { strict: false }).ok()?;
        Some((file.to_string_lossy().into_owned(), KeyEdit::write(hive.root.subkey(&name)?)))
    };
    let mut found: Vec<_> = files.into_iter().filter_map(read).collect();
    if found.is_empty() {
        note("no test data: the Software key is a made one");
        found.push(("made".to_owned(), KeyEdit::write(&made::tree("Software", 10_000))));
    }
    found.into_iter().map(|(hive, key)| Software::new(hive, key)).collect()
}

impl Software {
    fn new(hive: String, key: KeyEdit) -> Result<Self> {
        let path = KeyPath::parse("Software");
        let text = reg_text::write_v5(&[(reg_text::HiveRoot::CurrentUser, &path, &key)])?;
        let set = |key: KeyEdit| {
            let mut registry = KeyEdit::root();
            registry.insert_subkey(key);
            DataSet { registry, ..DataSet::default() }
        };
        Ok(Self { hive, set: set(without_times(key.clone())), set_with_times: set(key), text })
    }
}

fn without_times(mut key: KeyEdit) -> KeyEdit {
    let subkeys = key.clone().into_parts().1;
    key.last_write = FileTime::default();
    key.replace_subkeys(subkeys.into_iter().map(without_times).collect());
    key
}

fn file_of(set: &DataSet) -> Vec<u8> {
    let mut file = Vec::new();
    encode(set, &mut file).map_or_else(|_| Vec::new(), |_| file)
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(text).and_then(|()| encoder.finish()).unwrap_or_default()
}

fn inflate(zipped: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    flate2::read::DeflateDecoder::new(zipped).read_to_end(&mut text)?;
    Ok(text)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { list(&path, files) } else { files.push(path) }
    }
}
