use mp_dataset::{DELTA_HEADER_LEN, DELTA_MAGIC, Dictionary, Limits, unpack};

use crate::{Seed, data_sets};

/// Deltas against the target's own base, their frames alone, and unpacked data sets.
pub(crate) fn seeds() -> Vec<Seed> {
    let base = mp_fuzz::delta_base();
    let dictionary = Dictionary::of(&base).unwrap();
    let mut seeds = Vec::new();
    for (name, file) in data_sets::seeds().into_iter().filter(|(name, _)| name.ends_with(".mpd")) {
        let name = name.trim_end_matches(".mpd");
        let delta = dictionary.delta(&file).unwrap();
        seeds.push((format!("{name}.frame"), delta[DELTA_HEADER_LEN..].to_vec()));
        seeds.push((format!("{name}.dcz"), delta));
        seeds.push((format!("{name}.unpacked"), unpack(&file, &Limits::default()).unwrap()));
    }
    seeds.push(("same.dcz".to_owned(), dictionary.delta(&base).unwrap()));
    seeds.push(("bomb.frame".to_owned(), zstd::bulk::compress(&vec![0; 40 << 20], 1).unwrap()));
    seeds.push(("skippable.frame".to_owned(), [&DELTA_MAGIC[..], &[0; 32]].concat()));
    seeds
}
