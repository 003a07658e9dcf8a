use mp_profile::Scope;

use super::{Backend, BackendError, Key};

/// Users that are asked for at a time.
const PAGE: usize = 1000;

/// Calls for each data set of a backend, or of one of its scopes.
pub(crate) fn for_each_data_set(
    backend: &dyn Backend,
    only: Option<&Scope>,
    mut call: impl FnMut(&Key) -> Result<(), BackendError>,
) -> Result<(), BackendError> {
    for scope in backend.scopes()?.into_iter().filter(|scope| only.is_none_or(|only| only == scope)) {
        let mut after = None;
        loop {
            let users = backend.users(&scope, after.as_ref(), PAGE)?;
            let more = users.len() == PAGE;
            after = users.last().cloned();
            for sid in users {
                call(&Key { scope: scope.clone(), sid })?;
            }
            if !more {
                break;
            }
        }
    }
    Ok(())
}
