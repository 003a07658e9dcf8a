//! The HTTPS API between the parts: types, client, machine identities, enrolment
