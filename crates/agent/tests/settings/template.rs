//! The template as Group Policy understands it ("ADMX Schema", Microsoft): what it writes when an administrator chooses.

use std::{fs, path::PathBuf};

use mp_registry::Value;
use roxmltree::{Document, Node};

/// A value that a policy writes, and which values it may write there.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) policy: String,
    pub(crate) name: String,
    pub(crate) choices: Choices,
}

#[derive(Debug)]
pub(crate) enum Choices {
    /// What is written when the policy is enabled, and when it is disabled.
    Switch(Value, Value),
    /// One of these.
    Items(Vec<Value>),
    /// `REG_DWORD` within bounds.
    Number(u32, u32),
    /// Text of at most this length, with or without variables.
    Text { longest: usize, expandable: bool },
}

pub(crate) fn file(path: &str) -> String {
    let root: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "..", path].iter().collect();
    fs::read_to_string(root).unwrap()
}

pub(crate) fn admx() -> String {
    file("policy-templates/metaprofiles.admx")
}

pub(crate) fn adml() -> String {
    file("policy-templates/en-US/metaprofiles.adml")
}

/// The direct child with this name, if there is one.
pub(crate) fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|child| {
        child.has_tag_name(("http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions", name))
    })
}

pub(crate) fn elements<'a>(node: Node<'a, 'a>) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children().filter(Node::is_element)
}

pub(crate) fn policies<'a>(document: &'a Document<'a>) -> Vec<Node<'a, 'a>> {
    elements(child(document.root_element(), "policies").unwrap()).collect()
}

/// Everything that the policies write.
pub(crate) fn written(document: &Document<'_>) -> Vec<Written> {
    let mut all = Vec::new();
    for policy in policies(document) {
        let of = policy.attribute("name").unwrap();
        if let Some(name) = policy.attribute("valueName") {
            let state = |state: &str| value_of(child(policy, state).unwrap(), name);
            let choices = Choices::Switch(state("enabledValue"), state("disabledValue"));
            all.push(Written { policy: of.to_owned(), name: name.to_owned(), choices });
        }
        for element in child(policy, "elements").into_iter().flat_map(elements) {
            let name = element.attribute("valueName").unwrap().to_owned();
            let choices = choices(element, &name);
            all.push(Written { policy: of.to_owned(), name, choices });
        }
    }
    all
}

fn choices(element: Node<'_, '_>, name: &str) -> Choices {
    let number = |attribute: &str| element.attribute(attribute).unwrap().parse().unwrap();
    match element.tag_name().name() {
        "enum" => {
            let items = elements(element).map(|item| value_of(child(item, "value").unwrap(), name));
            Choices::Items(items.collect())
        }
        "decimal" => Choices::Number(number("minValue"), number("maxValue")),
        "text" => Choices::Text {
            longest: usize::try_from(number("maxLength")).unwrap(),
            expandable: element.attribute("expandable") == Some("true"),
        },
        other => panic!("no test knows the element {other}"),
    }
}

/// The value that an `enabledValue`, `disabledValue` or `value` writes.
fn value_of(node: Node<'_, '_>, name: &str) -> Value {
    let content = elements(node).next().unwrap();
    match content.tag_name().name() {
        "decimal" => Value::dword(name, content.attribute("value").unwrap().parse().unwrap()),
        "string" => Value::sz(name, content.text().unwrap()),
        other => panic!("no test knows the value {other}"),
    }
}
