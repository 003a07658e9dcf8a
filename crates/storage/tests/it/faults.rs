//! Storage processes that are killed, starved and given spoiled files and bad lines, again and again.
//!
//! The oracle ([`ledger`]): what was acknowledged is there and exact; what is current was acknowledged, or was being sent when
//! its line or the process died. `METAPROFILES_FAULT_SEEDS` says how many seeds are played of each test, each with four kills;
//! `METAPROFILES_FAULT_SEED` plays one of them again. How nodes are started is a [`driver::Deployment`]'s matter, so that all
//! backends are tried by the same driver.

mod driver;
mod errands;
mod ledger;
mod line;
mod node;
mod objects;
mod servers;

use driver::{Deployment, Game, Played, Users, wait_until_ready};
use errands::Errand;
use line::Weather;
use node::FolderNode;
use objects::ObjectNodes;
use servers::Servers;

/// Seeds that every test run plays of each test; one takes a second or two.
const SEEDS: u64 = 1;
/// Within so many answers the kill comes.
const SOON: u64 = 12;
/// After so many a small disk is full.
const LATE: u64 = 60;

fn for_each_seed(mut play: impl FnMut(u64)) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = match number("METAPROFILES_FAULT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("METAPROFILES_FAULT_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        println!("METAPROFILES_FAULT_SEED={seed}");
        play(seed);
    }
}

fn game<D: Deployment>(deployment: &D, seed: u64) -> Game<'_, D> {
    Game { deployment, seed, answers: SOON, users: Users::Own }
}

#[test]
fn what_was_acknowledged_survives_kills() {
    for_each_seed(|seed| drop(game(&FolderNode::new(), seed).play()));
    for_each_seed(|seed| drop(game(&FolderNode::new().sealed(), seed).play()));
}

#[test]
fn what_was_acknowledged_survives_kills_and_spoiled_files() {
    for_each_seed(|seed| {
        let plain = FolderNode::new();
        let node = if seed % 2 == 0 { plain } else { plain.sealed() };
        game(&node, seed).play_and_spoil(|rng| node.spoil(rng));
    });
}

#[test]
fn what_was_acknowledged_survives_kills_over_an_object_store() {
    for_each_seed(|seed| {
        let plain = FolderNode::new();
        let node = if seed % 2 == 0 { plain } else { plain.sealed() };
        let Some(nodes) = ObjectNodes::new(&format!("kills-{seed}"), vec![node]) else { return };
        game(&nodes, seed).play();
    });
}

#[test]
fn what_was_acknowledged_survives_kills_and_spoiled_objects() {
    for_each_seed(|seed| {
        let Some(nodes) = ObjectNodes::new(&format!("spoiled-{seed}"), vec![FolderNode::new()]) else {
            return;
        };
        game(&nodes, seed).play_and_spoil(|rng| nodes.spoil(rng));
    });
}

#[test]
fn of_two_nodes_that_race_on_one_user_each_may_be_killed() {
    for_each_seed(|seed| {
        let first = FolderNode::new();
        let second = FolderNode::new();
        let both = match seed % 2 {
            0 => vec![first, second],
            _ => {
                let first = first.sealed();
                let second = second.sealed_as(&first);
                vec![first, second]
            }
        };
        let Some(nodes) = ObjectNodes::new(&format!("racing-{seed}"), both) else { return };
        Game { users: Users::Shared, ..game(&nodes, seed) }.play();
    });
}

#[test]
fn bad_lines_lose_nothing() {
    for_each_seed(|seed| {
        let node = FolderNode::new().behind(&Weather::new(seed));
        game(&node, seed).play();
    });
}

#[test]
fn bad_lines_to_objects_and_catalogue_lose_nothing() {
    for_each_seed(|seed| {
        let both = vec![FolderNode::new(), FolderNode::new()];
        let Some(nodes) = ObjectNodes::new(&format!("lines-{seed}"), both) else { return };
        Game { users: Users::Shared, ..game(&nodes.with_bad_lines(seed), seed) }.play();
    });
}

#[test]
fn a_full_disk_loses_nothing() {
    // Of bytes, and of names.
    for (seed, size) in (0..).zip(["size=1536k", "size=1536k", "nr_inodes=40"]) {
        let Some(node) = FolderNode::on_a_small_disk(size) else {
            println!("SKIPPED a_full_disk_loses_nothing: only root can mount a small file system");
            return;
        };
        let node = if seed == 1 { node.sealed() } else { node };
        let played = Game { answers: LATE, ..game(&node, seed) }.play();
        assert!(played.has_been_without_room(), "the disk was never full");
    }
}

/// Files may have half the length of the longest ones, and few are open at a time.
#[test]
fn a_limited_process_loses_nothing() {
    let limits = "trap '' XFSZ; ulimit -f 40; ulimit -n 48; exec \"$0\" \"$@\"";
    for_each_seed(|seed| {
        let node = FolderNode::new().started_by(&["sh", "-c", limits]);
        drop(game(&node, seed).play());
    });
}

/// The disk says again and again that it could not do what it was told.
#[test]
fn a_disk_that_fails_loses_nothing() {
    const CALLS: &str = "fsync,rename,link,linkat,unlink,mkdir";
    for_each_seed(|seed| {
        let (calls, inject) =
            (format!("trace={CALLS}"), format!("inject={CALLS}:error=EIO:when={}+7", 5 + seed % 5));
        let strace = ["strace", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", &calls, "-e", &inject];
        if !node::is_there(strace[0]) {
            println!("SKIPPED a_disk_that_fails_loses_nothing: there is no strace");
            return;
        }
        drop(game(&FolderNode::new().started_by(&strace), seed).play());
    });
}

#[test]
fn a_rotation_of_keys_that_is_killed_loses_nothing() {
    for_each_seed(|seed| {
        let node = FolderNode::new().sealed().with(Errand::Rotate);
        Game { users: Users::Fresh, ..game(&node, seed) }.play();
        let Some(nodes) = ObjectNodes::new(&format!("rotated-{seed}"), vec![FolderNode::new().sealed()])
        else {
            return;
        };
        Game { users: Users::Fresh, ..game(&nodes.with(Errand::Rotate), seed) }.play();
    });
}

#[test]
fn a_move_into_an_object_store_that_is_killed_loses_nothing() {
    for_each_seed(|seed| {
        let plain = FolderNode::new();
        let node = if seed % 2 == 0 { plain } else { plain.sealed() };
        let Some(nodes) = ObjectNodes::new(&format!("moved-{seed}"), vec![node]) else { return };
        let moving = nodes.with(Errand::Move);
        let played: Played =
            Game { answers: LATE, users: Users::Fresh, ..game(&moving.before(), seed) }.play();
        moving.end_the_move();
        moving.check(&played.ledger);
    });
}

#[test]
fn a_move_to_another_server_that_is_killed_loses_nothing() {
    for_each_seed(|seed| {
        let servers = Servers::new();
        let played = Game { answers: LATE, users: Users::Fresh, ..game(&servers, seed) }.play();
        servers.check_the_second(&played.ledger);
    });
}

#[test]
fn a_second_process_is_kept_out() {
    let node = FolderNode::new();
    let mut first = node.spawn(0);
    wait_until_ready(&node.client(0));
    let status = node.beside().wait().unwrap();
    assert!(!status.success(), "two processes use one base folder");
    assert!(node.client(0).fetch_user(&crate::support::sid(1), &[]).is_ok(), "and the first one goes on");
    driver::end(&mut first);
}

/// Not a test: a storage process or an errand, when a [`Deployment`] starts this program again.
#[test]
fn storage_process() {
    node::run_if_told();
}
