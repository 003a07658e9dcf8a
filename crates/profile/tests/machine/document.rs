//! `docs/reference/session-states.md` prints the table; this compares it. `METAPROFILES_BLESS=1` writes it.

use std::{collections::BTreeSet, fmt::Write, fs, path::Path};

use mp_profile::machine::{Input, Rule, State, rule};

const BEGIN: &str = "<!-- the table, written by the test -->\n";
const END: &str = "<!-- end of the table -->\n";

fn printed() -> String {
    let mut text = String::new();
    writeln!(text, "\n### States\n").unwrap();
    for state in State::ALL {
        writeln!(text, "- `{state}`: {}.", state.text()).unwrap();
    }
    writeln!(text, "\n### What can happen\n").unwrap();
    for input in Input::ALL {
        writeln!(text, "- `{input}`: {}.", input.text()).unwrap();
    }
    writeln!(text, "\n### What is decided\n").unwrap();
    write!(text, "| |").unwrap();
    for state in State::ALL {
        write!(text, " {state} |").unwrap();
    }
    writeln!(text, "\n|---|{}", "---|".repeat(State::ALL.len())).unwrap();
    for &input in Input::ALL {
        write!(text, "| `{input}` |").unwrap();
        for &state in State::ALL {
            match rule(state, input) {
                Rule::Ignore => write!(text, " |").unwrap(),
                decided => write!(text, " {decided} |").unwrap(),
            }
        }
        writeln!(text).unwrap();
    }
    writeln!(text, "\nAn empty cell is `Ignore`: {}.\n", Rule::Ignore.text()).unwrap();
    for decided in Rule::ALL.iter().filter(|decided| **decided != Rule::Ignore) {
        writeln!(text, "- `{decided}`: {}.", decided.text()).unwrap();
    }
    text.push('\n');
    text
}

#[test]
fn the_page_prints_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/session-states.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{BEGIN}{}{END}{after}", printed());
    if std::env::var_os("METAPROFILES_BLESS").is_some() {
        fs::write(&path, wanted).unwrap();
    } else {
        assert_eq!(page, wanted, "METAPROFILES_BLESS=1 writes the table anew");
    }
}

#[test]
fn every_rule_is_used() {
    let pairs = State::ALL.iter().flat_map(|&state| Input::ALL.iter().map(move |&input| rule(state, input)));
    let used: BTreeSet<Rule> = pairs.collect();
    let unused: Vec<_> = Rule::ALL.iter().filter(|rule| !used.contains(rule)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}
