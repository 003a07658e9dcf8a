//! Who somebody is by what the provider says of him.

use serde_json::Value;

/// Most characters of a claim's name.
const MAX_CLAIM: usize = 200;

/// Somebody whom the provider knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Person {
    /// What the provider never gives to anybody else (OpenID Connect Core 1.0, 2). At most 255 characters, none of them a control character.
    pub(crate) subject: String,
    /// What people call him; the provider may give it to somebody else one day.
    pub(crate) name: String,
    pub(crate) groups: Vec<String>,
}

/// A claim by its name, or by the names on the way to it with dots between (`realm_access.roles`).
pub(super) fn find<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    let found =
        claims.get(name).or_else(|| name.split('.').try_fold(claims, |within, part| within.get(part)));
    found.filter(|value| !value.is_null())
}

/// The text of a claim.
pub(super) fn text(claims: &Value, name: &str) -> Option<String> {
    find(claims, name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The texts of a claim that holds one or several.
pub(super) fn texts(claims: &Value, name: &str) -> Option<Vec<String>> {
    match find(claims, name)? {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(several) => Some(several.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        _ => None,
    }
}

/// Whether a text can be the name of a claim.
pub(crate) fn is_claim(name: &str) -> bool {
    (1..=MAX_CLAIM).contains(&name.chars().count())
        && !name.chars().any(|letter| letter.is_control() || letter == ' ')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_is_found_by_its_name_or_the_way_to_it() {
        let claims = json!({
            "groups": ["a", 1, "b"], "one": "a", "realm_access": {"roles": ["c"]},
            "https://example.com/groups": ["d"], "nothing": null, "number": 5,
        });
        let of = |name: &str| texts(&claims, name);
        assert_eq!(of("groups"), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(of("one"), Some(vec!["a".to_owned()]));
        assert_eq!(of("realm_access.roles"), Some(vec!["c".to_owned()]));
        assert_eq!(of("https://example.com/groups"), Some(vec!["d".to_owned()]));
        for missing in ["nothing", "number", "realm_access", "realm_access.other", "groups.0", ""] {
            assert_eq!(of(missing), None, "{missing}");
        }
    }
}
