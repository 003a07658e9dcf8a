//! Real servers for tests, which live as long as the test program: PostgreSQL, Azurite, a Samba domain
//! controller and an OpenID Connect provider as child processes, an S3 store in the program itself.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall fail where it stands")]

mod azurite;
mod certificates;
mod openid;
mod postgres;
#[cfg(feature = "s3")]
mod s3;
mod samba;

pub use azurite::Azurite;
pub use openid::OpenidProvider;
pub use postgres::Postgres;
#[cfg(feature = "s3")]
pub use s3::S3;
pub use samba::{Domain, Samba};
