//! Makes the corpus anew: `cargo run -p mp-fuzz --example make_corpus`.
//!
//! Everything in it is made by our own encoders or written here, then altered at random from a fixed seed, so that the same
//! build makes the same files. Files whose names begin with `found-` are inputs that once broke a decoder; they stay.

#![allow(clippy::unwrap_used, reason = "the corpus is made by hand, and a half-made one is no use")]

mod data_sets;
mod deltas;
mod hives;
mod logs;
mod mutate;
mod texts;
mod trees;

use std::{fs, path::Path};

/// A file of the corpus: name and bytes.
type Seed = (String, Vec<u8>);

fn main() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut total = 0;
    for (target, seeds, mutants) in [
        ("dataset", data_sets::seeds(), 24),
        ("delta", deltas::seeds(), 24),
        ("hive", hives::seeds(), 3),
        ("hive_logs", logs::seeds(), 6),
        ("reg_text", texts::seeds(), 40),
    ] {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder).unwrap();
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if !path.file_name().unwrap().to_string_lossy().starts_with("found-") {
                fs::remove_file(path).unwrap();
            }
        }
        let mut rng = fastrand::Rng::with_seed(20_251_122);
        let altered = (0..mutants).map(|number| {
            let (name, bytes) = &seeds[rng.usize(..seeds.len())];
            (format!("altered-{number:02}-{name}"), mutate::mutate(&mut rng, bytes))
        });
        // What breaks a decoder is to be mended and then kept as a `found-` file; until then the tests would fail for all.
        let (altered, broken): (Vec<Seed>, Vec<Seed>) = altered.partition(|(_, bytes)| holds(target, bytes));
        for (name, _) in broken {
            println!("NOT KEPT, it breaks the target: {target}/{name}");
        }
        for (name, bytes) in seeds.iter().chain(&altered) {
            fs::write(folder.join(name), bytes).unwrap();
            total += bytes.len();
        }
        println!("{target}: {} files", seeds.len() + altered.len());
    }
    println!("{total} bytes");
}

fn holds(target: &str, bytes: &[u8]) -> bool {
    let body = mp_fuzz::TARGETS.iter().find(|(name, _)| *name == target).unwrap().1;
    std::panic::catch_unwind(|| body(bytes)).is_ok()
}
