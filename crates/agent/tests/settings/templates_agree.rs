//! Template, texts and page name the same things, and every reference leads somewhere.

use std::collections::BTreeSet;

use mp_agent::{POLICY_KEY, PolicySettings};
use roxmltree::{Document, Node};

use crate::template::{Choices, adml, admx, child, elements, file, policies, written};

/// What stands between `$(kind.` and `)` in the attributes of the template.
fn references(document: &Document<'_>, kind: &str) -> BTreeSet<String> {
    let attributes = document.descendants().flat_map(|node| node.attributes());
    let prefix = format!("$({kind}.");
    attributes
        .filter_map(|attribute| Some(attribute.value().strip_prefix(&prefix)?.strip_suffix(')')?.to_owned()))
        .collect()
}

fn ids(document: &Document<'_>, tag: &str, attribute: &str) -> BTreeSet<String> {
    let nodes: Vec<Node<'_, '_>> =
        document.descendants().filter(|node| node.tag_name().name() == tag).collect();
    let ids: BTreeSet<String> =
        nodes.iter().map(|node| node.attribute(attribute).unwrap().to_owned()).collect();
    assert_eq!(ids.len(), nodes.len(), "no {tag} twice");
    ids
}

#[test]
fn the_agent_reads_every_policy_and_no_other() {
    let text = admx();
    let template = Document::parse(&text).unwrap();
    let names: Vec<String> = written(&template).into_iter().map(|written| written.name).collect();
    let in_template: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(in_template.len(), names.len(), "no value is written by two policies");
    assert_eq!(in_template, PolicySettings::names().collect());
}

#[test]
fn policies_stand_in_one_category_and_write_below_one_key() {
    let text = admx();
    let template = Document::parse(&text).unwrap();
    let supported = ids(&template, "definition", "name");
    for policy in policies(&template) {
        let name = policy.attribute("name").unwrap();
        assert_eq!(policy.attribute("class"), Some("Machine"), "{name}");
        assert_eq!(policy.attribute("key"), Some(POLICY_KEY), "{name}");
        assert!(policy.descendants().skip(1).all(|node| !node.has_attribute("key")), "{name}");
        // The schema has these in this order.
        let order = ["parentCategory", "supportedOn", "enabledValue", "disabledValue", "elements"];
        let places: Vec<usize> = elements(policy)
            .map(|node| order.iter().position(|&known| known == node.tag_name().name()).unwrap())
            .collect();
        assert!(places.is_sorted() && places.starts_with(&[0, 1]), "{name}");
        assert_eq!(child(policy, "parentCategory").unwrap().attribute("ref"), Some("Agent"), "{name}");
        assert!(
            supported.contains(child(policy, "supportedOn").unwrap().attribute("ref").unwrap()),
            "{name}"
        );
        assert!(policy.has_attribute("displayName") && policy.has_attribute("explainText"), "{name}");
        let elements_of = child(policy, "elements").map_or(0, |node| elements(node).count());
        assert_eq!(policy.has_attribute("presentation"), elements_of > 0, "{name}");
    }
}

#[test]
fn every_text_is_there_and_used() {
    let (template, texts) = (admx(), adml());
    let (template, texts) = (Document::parse(&template).unwrap(), Document::parse(&texts).unwrap());
    assert_eq!(references(&template, "string"), ids(&texts, "string", "id"));
    assert_eq!(references(&template, "presentation"), ids(&texts, "presentation", "id"));
    let empty = texts.descendants().filter(|node| node.tag_name().name() == "string");
    assert!(
        empty.into_iter().all(|node| node.text().is_some_and(|text| text.trim() == text && !text.is_empty()))
    );
}

#[test]
fn every_presentation_shows_the_elements_of_its_policy() {
    let (template, texts) = (admx(), adml());
    let (template, texts) = (Document::parse(&template).unwrap(), Document::parse(&texts).unwrap());
    let presentations: Vec<Node<'_, '_>> =
        texts.descendants().filter(|node| node.tag_name().name() == "presentation").collect();
    for policy in policies(&template) {
        let Some(elements_of) = child(policy, "elements") else { continue };
        let reference = policy.attribute("presentation").unwrap();
        let id = reference.strip_prefix("$(presentation.").unwrap().strip_suffix(')').unwrap();
        let presentation = presentations.iter().find(|node| node.attribute("id") == Some(id)).unwrap();
        let shown: Vec<(&str, &str)> = elements(*presentation)
            .map(|node| (node.tag_name().name(), node.attribute("refId").unwrap()))
            .collect();
        let wanted: Vec<(&str, &str)> = elements(elements_of)
            .map(|node| {
                let control = match node.tag_name().name() {
                    "text" => "textBox",
                    "decimal" => "decimalTextBox",
                    "enum" => "dropdownList",
                    other => panic!("no test knows the element {other}"),
                };
                (control, node.attribute("id").unwrap())
            })
            .collect();
        assert_eq!(shown, wanted, "{id}");
    }
}

#[test]
fn the_page_describes_every_policy() {
    let (template, texts) = (admx(), adml());
    let (template, texts) = (Document::parse(&template).unwrap(), Document::parse(&texts).unwrap());
    let string = |reference: &str| {
        let id = reference.strip_prefix("$(string.").unwrap().strip_suffix(')').unwrap();
        texts.descendants().find(|node| node.attribute("id") == Some(id)).unwrap().text().unwrap()
    };
    let page = file("docs/reference/settings.md");
    let mut precedence = Vec::new();
    for written in written(&template) {
        let policy = policies(&template)
            .into_iter()
            .find(|policy| policy.attribute("name") == Some(&written.policy))
            .unwrap();
        let holds = match written.choices {
            Choices::Switch(..) => "`REG_DWORD`: 0, 1".to_owned(),
            Choices::Number(from, to) => format!("`REG_DWORD`: {from} to {to}"),
            Choices::Text { expandable: true, .. } => "`REG_EXPAND_SZ`".to_owned(),
            Choices::Text { .. } => "`REG_SZ`".to_owned(),
            Choices::Items(items) => {
                let names: Vec<String> = items.iter().map(|item| item.to_text().unwrap()).collect();
                format!("`REG_SZ`: {}", names.join(", "))
            }
        };
        let row = format!(
            "\n| {} | `{}` | {holds} | ",
            string(policy.attribute("displayName").unwrap()),
            written.name
        );
        assert_eq!(page.matches(&row).count(), 1, "{row}");
        precedence.push(format!("`{}`", written.name));
    }
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let sources: Vec<String> =
        rows.map(|(name, _)| format!("`{name}`")).filter(|name| !name.contains("MP-AGT")).collect();
    assert_eq!(sources, precedence, "the table of sources");
}
