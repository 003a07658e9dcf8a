//! A storage process that is killed, starved of space and given spoiled files, again and again.
//!
//! The oracle: what was acknowledged is there and exact; what is current was acknowledged, or was being sent when the process
//! died. `METAPROFILES_FAULT_SEEDS` says how many seeds are played, `METAPROFILES_FAULT_SEED` plays one of them again. How a
//! node is started is a [`Deployment`]'s matter, so that other backends are tried by the same driver.

mod driver;
mod node;
mod objects;

use driver::{Deployment, play};
use node::FolderNode;
use objects::ObjectNode;

/// Seeds that every test run plays; one takes about a second.
const SEEDS: u64 = 3;

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    match number("METAPROFILES_FAULT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("METAPROFILES_FAULT_SEEDS").unwrap_or(SEEDS),
    }
}

#[test]
fn what_was_acknowledged_survives_kills() {
    for seed in seeds() {
        println!("METAPROFILES_FAULT_SEED={seed}");
        let node = FolderNode::new();
        play(&node, seed, 12, |_, _| {});
    }
}

#[test]
fn what_was_acknowledged_survives_kills_and_spoiled_files() {
    for seed in seeds() {
        println!("METAPROFILES_FAULT_SEED={seed}");
        let node = FolderNode::new();
        play(&node, seed, 12, |rng, spoiled| spoiled.extend(node.spoil(rng)));
    }
}

#[test]
fn what_was_acknowledged_survives_kills_over_an_object_store() {
    for seed in seeds() {
        println!("METAPROFILES_FAULT_SEED={seed}");
        let Some(node) = ObjectNode::new(&format!("kills-{seed}")) else { return };
        play(&node, seed, 12, |_, _| {});
    }
}

#[test]
fn what_was_acknowledged_survives_kills_and_spoiled_objects() {
    for seed in seeds() {
        println!("METAPROFILES_FAULT_SEED={seed}");
        let Some(node) = ObjectNode::new(&format!("spoiled-{seed}")) else { return };
        play(&node, seed, 12, |rng, spoiled| spoiled.extend(node.spoil(rng)));
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    let Some(node) = FolderNode::on_a_small_disk() else {
        println!("SKIPPED a_full_disk_loses_nothing: only root can mount a small file system");
        return;
    };
    let ledger = play(&node, 0, 60, |_, _| {});
    assert!(ledger.refused > 0, "the disk was never full");
}

#[test]
fn a_second_process_is_kept_out() {
    let node = FolderNode::new();
    let mut first = node.spawn();
    driver::wait_until_ready(&node);
    let status = node.beside().wait().unwrap();
    assert!(!status.success(), "two processes use one base folder");
    assert!(node.client().fetch_user(&crate::support::sid(1), &[]).is_ok(), "and the first one goes on");
    first.kill().unwrap();
    first.wait().unwrap();
}

/// Not a test: the storage process, when [`FolderNode`] starts this program again.
#[test]
fn storage_process() {
    node::run_if_told();
}
