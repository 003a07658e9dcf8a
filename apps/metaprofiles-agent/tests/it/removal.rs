//! What an installer does: joining once, and taking everything away but what is nowhere else.

use std::fs;

use mp_hive::{ReadOptions, WriteOptions};
use mp_registry::{KeyPath, Value};

use crate::support::{Place, SID};

#[test]
fn a_machine_that_is_enrolled_is_left_as_it_is() {
    let place = Place::new();
    place.enrol();
    // A later installation may bring the old token, or none that is of any use.
    let arguments = ["enrol", "--token", "used up", "--console", "", "--unless-enrolled"];
    let ended = place.run(&arguments).succeeded();
    assert!(ended.stdout.starts_with("enrolled already, as "), "{ended:?}");
    assert!(place.run(&[&arguments[..], &["--json"]].concat()).succeeded().json()["console"].is_string());
    let other = Place::new();
    assert!(other.run(&arguments).failed(1).stderr.contains("join token"));
    assert!(!other.state().identity().exists());
}

#[test]
fn the_state_is_removed_and_nothing_beside_it() {
    let place = Place::new();
    place.enrol();
    place.with_session();
    place.run(&["logon", "--sid", SID]).failed(3);
    fs::write(place.path("state/somebody's"), "else's").unwrap();
    place.run(&["remove-state"]).succeeded();
    let left: Vec<_> =
        fs::read_dir(place.path("state")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["somebody's"]);
    fs::remove_file(place.path("state/somebody's")).unwrap();
    assert_eq!(place.run(&["remove-state", "--json"]).succeeded().json()["removed"], true);
    assert!(!place.path("state").exists());
}

#[test]
fn settings_that_storage_did_not_take_stay() {
    let place = Place::new();
    place.enrol();
    let hive = place.with_session().join("NTUSER.MAN");
    place.run(&["logon", "--sid", SID]).failed(3);
    let mut user = mp_hive::open(&hive, ReadOptions::default()).unwrap().hive.root;
    user.ensure(&KeyPath::parse("Software\\App")).set_value(Value::sz("Theme", "dark"));
    fs::write(&hive, mp_hive::write(&user, &WriteOptions::default()).unwrap()).unwrap();
    place.run(&["logoff", "--sid", SID]).failed(3);
    let ended = place.run(&["remove-state"]).failed(3);
    assert!(ended.stdout.contains(SID) && ended.stderr.contains("the spool cannot be sent"), "{ended:?}");
    assert!(!place.path("state/identity").exists() && !place.path("state/plan.json").exists());
    assert!(place.run(&["spool"]).succeeded().stdout.contains(SID));
}
