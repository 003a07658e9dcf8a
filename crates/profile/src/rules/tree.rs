//! How rules decide. Keys with their values and folders with their files are alike here: containers on a path, and leaves in
//! them.

use std::{fmt, sync::Arc};

use mp_registry::Name;
use serde::{Deserialize, Serialize};

use super::pattern::{Mask, Pattern};
use crate::{
    exclusions::{EXCLUSIONS, Excluded, Exclusion, Lift},
    known_folders::KnownFolder,
};

/// Which of a user's two data sets something belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The global data set.
    Global,
    /// The data set of the Agent Server's group.
    Group,
}

impl Part {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Global, Self::Group];

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Global => Self::Group,
            Self::Group => Self::Global,
        }
    }
}

/// What the rules of one data subset have in common.
#[derive(Debug)]
pub(crate) struct Owner {
    pub(crate) subset: String,
    pub(crate) part: Part,
    pub(crate) max_total_bytes: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) owner: Arc<Owner>,
    /// As the administrator wrote it, for messages.
    pub(crate) text: String,
    pub(crate) keep: bool,
    /// Otherwise what it keeps is not worked on now, as if no rule were about it.
    pub(crate) works: bool,
    pub(crate) pattern: Pattern,
    pub(crate) recursive: bool,
    pub(crate) leaves: Vec<Mask>,
    pub(crate) mirror: bool,
    pub(crate) allow_autorun: bool,
    pub(crate) max_bytes: Option<u64>,
    /// The special folder of a folder rule, and the names below it that hold no wildcard.
    pub(crate) root: Option<(&'static KnownFolder, Vec<Name>)>,
}

impl Rule {
    fn fits(&self, path: &[Name], leaf: Option<&Name>) -> bool {
        let leaf_fits = match leaf {
            None => self.leaves.is_empty(),
            Some(leaf) => self.leaves.is_empty() || self.leaves.iter().any(|mask| mask.matches(leaf)),
        };
        leaf_fits && self.pattern.matches(path, self.recursive)
    }

    /// The names that the rule spells out, and its wildcards as they are written.
    fn place(&self) -> Vec<Name> {
        self.pattern.masks().iter().map(Mask::to_name).collect()
    }

    /// The names of leaves that the rule is about; a single `None` when it is about all of them.
    fn named_leaves(&self) -> impl Iterator<Item = Option<Name>> {
        let all = self.leaves.is_empty().then_some(None);
        all.into_iter().chain(self.leaves.iter().map(|mask| Some(mask.to_name())))
    }

    /// Deepest first, exclude before include, spelled out before wildcards.
    fn rank(&self) -> (usize, bool, usize) {
        let literals = self.pattern.masks().iter().filter(|mask| mask.is_literal()).count();
        (self.pattern.depth(), !self.keep, literals)
    }
}

#[derive(Debug)]
struct BuiltIn {
    exclusion: &'static Exclusion,
    pattern: Pattern,
    leaf: Option<Mask>,
    recursive: bool,
}

impl BuiltIn {
    fn matches(&self, path: &[Name], leaf: Option<&Name>) -> bool {
        let leaf_fits = self.leaf.as_ref().is_none_or(|mask| leaf.is_some_and(|leaf| mask.matches(leaf)));
        leaf_fits && self.pattern.matches(path, self.recursive)
    }

    fn lifted_by(&self, rule: &Rule, leaf: Option<&Name>) -> bool {
        let leaf_named = self.leaf.as_ref().is_none_or(|own| {
            let named = |mask: &&Mask| {
                (mask.is_literal() || mask.same(own)) && leaf.is_some_and(|leaf| mask.matches(leaf))
            };
            rule.leaves.iter().any(|mask| named(&mask))
        });
        let may = match self.exclusion.lift {
            Lift::Never => false,
            Lift::Named => true,
            Lift::Allowed => rule.allow_autorun,
        };
        may && leaf_named && rule.pattern.spells_out(&self.pattern)
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Decision<'a> {
    /// This rule keeps it.
    Kept(&'a Rule),
    /// The rule would keep it, the built-in exclusion leaves it out.
    Excluded(&'static Exclusion, &'a Rule),
    /// This exclude rule leaves it out.
    LeftOut(&'a Rule),
    /// No rule is about it.
    NoRule,
}

impl<'a> Decision<'a> {
    pub(crate) fn kept(self) -> Option<&'a Rule> {
        match self {
            Self::Kept(rule) => Some(rule),
            _ => None,
        }
    }

    pub(crate) fn part(self) -> Option<Part> {
        self.kept().map(|rule| rule.owner.part)
    }
}

/// What becomes of the leaves in one container.
#[derive(Clone, Copy)]
pub(crate) struct Leaves<'a, 'path> {
    tree: &'a RuleTree,
    path: &'path [Name],
    /// What becomes of all of them, when nothing tells one from another.
    all: Option<Decision<'a>>,
}

impl<'a> Leaves<'a, '_> {
    pub(crate) fn decide(&self, leaf: &Name) -> Decision<'a> {
        self.all.unwrap_or_else(|| self.tree.decide(self.path, Some(leaf)))
    }

    /// What becomes of the container itself.
    pub(crate) fn container(&self) -> Decision<'a> {
        self.all.unwrap_or_else(|| self.tree.decide(self.path, None))
    }

    /// What becomes of all leaves, when nothing tells one from another.
    pub(crate) fn all(&self) -> Option<Decision<'a>> {
        self.all
    }
}

/// All rules about one kind of thing: keys, or folders.
#[derive(Default)]
pub(crate) struct RuleTree {
    /// One list per data subset.
    subsets: Vec<Vec<Rule>>,
    built_in: Vec<BuiltIn>,
}

impl fmt::Debug for RuleTree {
    /// The rules as written; the built-in exclusions are always the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |rule: &Rule| {
            let below = if rule.recursive { "" } else { " (not below)" };
            format!("{:?} {}: {}{below}", rule.owner.part, rule.owner.subset, rule.text)
        };
        f.debug_list().entries(self.rules().map(text)).finish()
    }
}

impl RuleTree {
    pub(crate) fn new(subsets: Vec<Vec<Rule>>, of_registry: bool) -> Self {
        let built_in = EXCLUSIONS.iter().filter_map(|exclusion| {
            let (pattern, leaf, recursive, about_registry) = match exclusion.excluded {
                Excluded::Key(path) => (path, None, true, true),
                Excluded::Value(path, value) => (path, Some(value), false, true),
                Excluded::Folder(path) => (path, None, true, false),
                Excluded::File(mask) => ("", Some(mask), true, false),
            };
            (about_registry == of_registry).then(|| BuiltIn {
                exclusion,
                pattern: Pattern::parse(pattern),
                leaf: leaf.map(Mask::new),
                recursive,
            })
        });
        Self { subsets, built_in: built_in.collect() }
    }

    pub(crate) fn narrow(&mut self, works: &dyn Fn(&str, Part) -> bool) {
        for rule in self.subsets.iter_mut().flatten() {
            rule.works &= works(&rule.owner.subset, rule.owner.part);
        }
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.subsets.iter().flatten()
    }

    /// What becomes of a container (`leaf` is `None`) or a leaf in it.
    ///
    /// In each data subset the deepest rule wins, and of equally deep ones exclude. Of the data subsets that then keep it,
    /// the one with the deeper rule owns it, and of equally deep ones the group's. So an exclude binds its own data subset
    /// only, and everything has one owner.
    pub(crate) fn decide(&self, path: &[Name], leaf: Option<&Name>) -> Decision<'_> {
        self.decide_among(path, leaf, |_| true)
    }

    /// What becomes of the leaves in a container: a key may have thousands, and the rules are many.
    pub(crate) fn leaves<'path>(&self, path: &'path [Name]) -> Leaves<'_, 'path> {
        let told_apart = self
            .rules()
            .any(|rule| !rule.leaves.is_empty() && rule.pattern.matches(path, rule.recursive))
            || self.built_in.iter().any(|own| own.leaf.is_some() && own.pattern.matches(path, own.recursive));
        Leaves { tree: self, path, all: (!told_apart).then(|| self.decide(path, None)) }
    }

    fn decide_among(
        &self,
        path: &[Name],
        leaf: Option<&Name>,
        among: impl Fn(&Rule) -> bool,
    ) -> Decision<'_> {
        let mut kept: Option<&Rule> = None;
        let mut otherwise = Decision::NoRule;
        for rules in &self.subsets {
            let fitting = rules.iter().filter(|rule| among(rule) && rule.fits(path, leaf));
            let Some(winner) =
                fitting.reduce(|best, rule| if rule.rank() > best.rank() { rule } else { best })
            else {
                continue;
            };
            if !winner.keep {
                if matches!(otherwise, Decision::NoRule) {
                    otherwise = Decision::LeftOut(winner);
                }
            } else if let Some(built_in) = self.built_in_against(path, leaf, winner) {
                otherwise = Decision::Excluded(built_in, winner);
            } else if kept.is_none_or(|best| owner_rank(winner) > owner_rank(best)) {
                kept = Some(winner);
            }
        }
        match kept {
            Some(rule) if rule.works => Decision::Kept(rule),
            Some(_) => Decision::NoRule,
            None => otherwise,
        }
    }

    fn built_in_against(
        &self,
        path: &[Name],
        leaf: Option<&Name>,
        rule: &Rule,
    ) -> Option<&'static Exclusion> {
        let against = |built_in: &&BuiltIn| built_in.matches(path, leaf) && !built_in.lifted_by(rule, leaf);
        self.built_in.iter().find(against).map(|built_in| built_in.exclusion)
    }

    /// The built-in exclusion that no rule can lift, if the place lies in one.
    pub(crate) fn absolutely_excluded(&self, path: &[Name]) -> Option<&'static Exclusion> {
        let absolute =
            |built_in: &&BuiltIn| built_in.exclusion.lift == Lift::Never && built_in.matches(path, None);
        self.built_in.iter().find(absolute).map(|built_in| built_in.exclusion)
    }

    /// The built-in exclusion that leaves out the very places that an include rule is written for, if one does.
    pub(crate) fn defeats(&self, rule: &Rule) -> Option<&'static Exclusion> {
        let place = rule.place();
        let mut against = rule.named_leaves().map(|leaf| self.built_in_against(&place, leaf.as_ref(), rule));
        let first = against.next().flatten();
        first.filter(|_| against.all(|exclusion| exclusion.is_some()))
    }

    /// Whether the rule's permission for what starts programs lifts a built-in exclusion.
    pub(crate) fn uses_permission(&self, rule: &Rule) -> bool {
        let place = rule.place();
        let of_autorun = || self.built_in.iter().filter(|own| own.exclusion.lift == Lift::Allowed);
        rule.named_leaves().any(|leaf| {
            let leaf = leaf.as_ref();
            of_autorun().any(|own| own.matches(&place, leaf) && own.lifted_by(rule, leaf))
        })
    }

    /// Whether some leaf directly in this container may be kept, or the container itself is.
    pub(crate) fn is_open(&self, path: &[Name]) -> bool {
        self.open_among(path, |_| true)
    }

    /// Whether something below this container may be kept.
    pub(crate) fn leads_on(&self, path: &[Name]) -> bool {
        self.absolutely_excluded(path).is_none()
            && (self.rules().any(|rule| rule.keep && rule.pattern.lies_below(path))
                || self.open_among(path, |rule| rule.recursive))
    }

    fn open_among(&self, path: &[Name], among: impl Fn(&Rule) -> bool) -> bool {
        self.subsets.iter().any(|rules| {
            let fitting =
                || rules.iter().filter(|rule| among(rule) && rule.pattern.matches(path, rule.recursive));
            let excluded = fitting().filter(|rule| !rule.keep && rule.leaves.is_empty());
            let excluded_from = excluded.map(|rule| rule.pattern.depth()).max();
            let open = |rule: &Rule| {
                rule.keep
                    && excluded_from.is_none_or(|depth| rule.pattern.depth() > depth)
                    && self.built_in_against(path, None, rule).is_none()
            };
            fitting().any(open)
        })
    }

    /// Whether the container with all that can ever lie below it is kept by such a rule.
    pub(crate) fn covers(&self, path: &[Name], by: impl Fn(&Rule) -> bool) -> bool {
        let unsettled = |pattern: &Pattern, recursive: bool, has_leaves: bool| {
            pattern.lies_below(path) || (has_leaves && pattern.matches(path, recursive))
        };
        self.decide(path, None).kept().is_some_and(&by)
            && self.decide_among(path, None, |rule| rule.recursive).kept().is_some_and(&by)
            && !self.rules().any(|rule| unsettled(&rule.pattern, rule.recursive, !rule.leaves.is_empty()))
            && !self.built_in.iter().any(|own| unsettled(&own.pattern, own.recursive, own.leaf.is_some()))
    }
}

fn owner_rank(rule: &Rule) -> (usize, Part) {
    (rule.pattern.depth(), rule.owner.part)
}
