use mp_profile::{Applies, CompiledRules, Explanation, Part, RuleAction, RuleProblem};
use mp_registry::KeyPath;

use crate::support::{file, folder, for_group, key, not_key, rules, subset, values};

fn part(rules: &CompiledRules, path: &str, value: &str) -> Option<(Part, String)> {
    match rules.explain_value(&KeyPath::parse(path), &value.into()) {
        Explanation::Kept { part, subset, .. } => Some((part, subset)),
        _ => None,
    }
}

#[test]
fn the_deepest_rule_wins_and_exclude_wins_ties() {
    let deep = subset(
        "s",
        &[key("Software\\App"), not_key("Software\\App\\Cache"), key("Software\\App\\Cache\\Keep")],
        &[],
    );
    let tied = subset("t", &[key("Software\\Tie"), not_key("software\\tie")], &[]);
    let rules = rules(&[deep, tied]);
    let kept = |path| part(&rules, path, "v").is_some();
    assert!(kept("SOFTWARE\\APP") && kept("Software\\App\\x\\y") && kept("Software\\App\\Cache\\Keep\\z"));
    assert!(!kept("Software\\App\\Cache") && !kept("Software\\App\\Cache\\x") && !kept("Software\\Apps"));
    assert!(!kept("Software\\Tie") && !kept("Software"));
}

#[test]
fn single_keys_and_named_values() {
    let mut single = key("Software\\Single");
    single.recursive = false;
    let named = values("Software\\Named", &["Wanted*", "@"]);
    let mut hole = values("Software\\Hole", &["Secret"]);
    hole.action = RuleAction::Exclude;
    let rules = rules(&[subset("s", &[single, named, key("Software\\Hole"), hole], &[])]);
    let kept = |path, name| part(&rules, path, name).is_some();
    assert!(kept("Software\\Single", "v") && !kept("Software\\Single\\x", "v"));
    assert!(
        kept("Software\\Named", "wantedX") && kept("Software\\Named\\x", "") && !kept("Software\\Named", "v")
    );
    assert!(kept("Software\\Hole", "v") && !kept("Software\\Hole", "SECRET"));
    assert_eq!(rules.explain_key(&KeyPath::parse("Software\\Named")), Explanation::NoRule);
}

#[test]
fn an_exclude_binds_its_own_data_subset_and_everything_has_one_owner() {
    let global = subset("all", &[key("Software\\V"), not_key("Software\\V\\Office")], &[]);
    let office = for_group(subset("office", &[key("Software\\V\\Office")], &[]), "TS");
    let tie = for_group(subset("tie", &[key("Software\\V")], &[]), "ts");
    let other = for_group(subset("other", &[key("Software\\V\\Other")], &[]), "Elsewhere");
    let rules = rules(&[global, office, tie, other]);
    assert_eq!(part(&rules, "Software\\V\\Office", "v"), Some((Part::Group, "office".into())));
    assert_eq!(
        part(&rules, "Software\\V\\Other", "v"),
        Some((Part::Group, "tie".into())),
        "group over global"
    );
}

#[test]
fn folders_are_places_whatever_they_are_called() {
    let mut pictures = folder("Pictures", "");
    pictures.masks = vec!["*.png".into()];
    pictures.recursive = false;
    let outer = subset("outer", &[], &[folder("RoamingAppData", "Microsoft\\Windows"), pictures]);
    let inner = for_group(subset("inner", &[], &[folder("SendTo", "")]), "TS");
    let rules = rules(&[outer, inner]);
    let owner = |path: &str| match rules.explain_file(&file(path)) {
        Explanation::Kept { subset, .. } => Some(subset),
        _ => None,
    };
    assert_eq!(owner("SendTo:a.lnk").as_deref(), Some("inner"));
    assert_eq!(owner("roamingappdata:microsoft\\windows\\sendto\\a.lnk").as_deref(), Some("inner"));
    assert_eq!(owner("RoamingAppData:Microsoft\\Windows\\Themes\\x").as_deref(), Some("outer"));
    assert_eq!(owner("Pictures:A.PNG").as_deref(), Some("outer"));
    assert_eq!(owner("Pictures:A.jpg"), None);
    assert_eq!(owner("Pictures:sub\\A.png"), None);
    assert_eq!(owner("Nowhere:a"), None);
}

#[test]
fn wrong_rules_are_refused_with_what_to_write_instead() {
    let problem = |rule| {
        let error = CompiledRules::compile(&[subset("s", &[rule], &[])], None).unwrap_err();
        assert!(error.to_string().starts_with("data subset \"s\", rule \""), "{error}");
        error.problem
    };
    assert_eq!(problem(key("")), RuleProblem::WholeRegistry);
    assert_eq!(problem(key("*")), RuleProblem::WholeRegistry);
    assert_eq!(problem(key("HKCU\\Software\\X")), RuleProblem::RootNamed("HKCU".into()));
    assert_eq!(problem(key("Software\\\\X")), RuleProblem::EmptyName(10));
    assert_eq!(problem(key("Software\\")), RuleProblem::EmptyName(10));
    assert!(matches!(problem(key(&"x".repeat(256))), RuleProblem::NameTooLong(_)));
    assert_eq!(problem(key(&["x"; 513].join("\\"))), RuleProblem::TooDeep(513));
    assert_eq!(problem(values("Software", &[""])), RuleProblem::EmptyMask);
    assert!(matches!(
        problem(key("software\\metaprofiles\\x")),
        RuleProblem::NeverKept { code: "MP-EXC-001", .. }
    ));
    let mut mirror = not_key("Software\\X");
    mirror.delete_if_missing = true;
    assert_eq!(problem(mirror), RuleProblem::OnlyForInclude("delete-if-missing"));

    let problem = |rule| CompiledRules::compile(&[subset("s", &[], &[rule])], None).unwrap_err().problem;
    assert_eq!(problem(folder("Pictures", "a\\..\\b")), RuleProblem::Dots);
    assert_eq!(problem(folder("Pictures", "a/b")), RuleProblem::BadCharacter('/'));
    assert_eq!(problem(folder("Pictures", "\\a")), RuleProblem::EmptyName(1));
    let unknown = CompiledRules::compile(&[subset("s", &[], &[folder("AppData", "")])], None).unwrap_err();
    assert!(unknown.to_string().contains("RoamingAppData"), "{unknown}");

    let twice = [subset("s", &[], &[]), subset("s", &[], &[])];
    assert_eq!(CompiledRules::compile(&twice, None).unwrap_err().problem, RuleProblem::SameName);
    let mut none = subset("g", &[], &[]);
    none.applies = Applies::Groups(Vec::new());
    assert_eq!(CompiledRules::compile(&[none], None).unwrap_err().problem, RuleProblem::NoGroups);
}
