//! Keys of which a part belongs to the global data set and a part to the group's.

use mp_profile::{CompiledRules, RegistryRule};

use crate::support::{Session, drop_key, for_group, key, mandatory, rules, set, subset, values};

fn alone(rule: RegistryRule) -> RegistryRule {
    RegistryRule { recursive: false, ..rule }
}

fn parted(global: RegistryRule, group: RegistryRule) -> CompiledRules {
    rules(&[subset("g", &[global], &[]), for_group(subset("s", &[group], &[]), "TS")])
}

/// The key is the global data set's, its values are the group's: what the one deletes, the other's new value makes anew.
#[test]
fn a_value_set_in_a_key_that_the_other_part_deleted_is_there_again() {
    let rules = parted(key("Software"), alone(values("Software", &["*"])));
    let template = mandatory(&["Software: a = default"]);
    let mut session = Session::logon(&rules, &template, None);
    drop_key(&mut session.profile, "", "Software");
    let stored = session.logoff();
    let mut next = Session::logon(&rules, &template, Some(&stored));
    assert_eq!(next.lines(), Vec::<String>::new());
    set(&mut next.profile, "Software", "", "user's");
    let stored = next.logoff();
    let last = Session::logon(&rules, &template, Some(&stored));
    assert_eq!(last.lines(), ["Software:  = user's"]);
}

/// The value below is the global data set's and keeps the group's deleted key alive on another host.
#[test]
fn a_key_that_stays_for_the_other_part_stays_deleted() {
    let rules = parted(alone(key(r"app2\App\Run")), key("app2"));
    let mut session = Session::logon(&rules, &mandatory(&["app2: a = default"]), None);
    drop_key(&mut session.profile, "", "app2");
    let stored = session.logoff();
    let mut elsewhere = Session::logon(&rules, &mandatory(&[r"app2\App\Run: a = default"]), Some(&stored));
    let again = elsewhere.logoff();
    assert_eq!(again.global.registry, stored.global.registry);
    assert_eq!(again.group.unwrap().registry, stored.group.unwrap().registry);
}
