use std::{error::Error, fmt};

/// An error with its causes, where only a text can be kept.
pub(crate) fn chain(error: &dyn Error) -> String {
    struct Chain<'a>(&'a dyn Error);
    impl fmt::Display for Chain<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", self.0)?;
            self.0.source().map_or(Ok(()), |source| write!(f, ": {}", Chain(source)))
        }
    }
    Chain(error).to_string()
}
