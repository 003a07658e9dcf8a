//! The Provision Management Console: database, REST API, enrolment authority
