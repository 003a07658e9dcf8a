use serde::{Deserialize, Serialize};

/// What the farm wants of those who sign in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct SignInPolicy {
    /// Whoever has no second factor is let in for nothing but to enrol one.
    pub(crate) second_factor_required: bool,
}

impl SignInPolicy {
    /// Under which name it is stored.
    pub(crate) const NAME: &str = "sign-in";

    /// The policy of its stored form; what it is when nobody has set it for any other text.
    pub(crate) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}
