//! Real servers for tests, which live as long as the test program: PostgreSQL as a child process, an S3 store in it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall fail where it stands")]

mod postgres;
mod s3;

pub use postgres::Postgres;
pub use s3::S3;
