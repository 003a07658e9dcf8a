use std::io;

use rustls::{CertificateError, Error as TlsError};

/// Why a connection was not taken, or ended before its time; the codes of `docs/reference/codes.md`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    /// MP-STO-131: it showed no certificate.
    NoCertificate,
    /// MP-STO-132: its certificate is not valid now.
    Expired,
    /// MP-STO-133: its certificate is not one of this farm.
    OtherFarm,
    /// MP-STO-134: TLS did not come about.
    NoTls,
    /// MP-STO-135: there are too many connections.
    TooMany,
    /// MP-STO-136: the client does not read what it is sent.
    NotReading,
    /// MP-STO-137: no whole request came.
    NoRequest,
}

impl Ended {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NoCertificate => "MP-STO-131",
            Self::Expired => "MP-STO-132",
            Self::OtherFarm => "MP-STO-133",
            Self::NoTls => "MP-STO-134",
            Self::TooMany => "MP-STO-135",
            Self::NotReading => "MP-STO-136",
            Self::NoRequest => "MP-STO-137",
        }
    }

    /// Why a handshake failed.
    pub(super) fn of_handshake(error: &io::Error) -> Self {
        use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
        match error.get_ref().and_then(|error| error.downcast_ref::<TlsError>()) {
            Some(TlsError::NoCertificatesPresented) => Self::NoCertificate,
            Some(TlsError::InvalidCertificate(
                Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. },
            )) => Self::Expired,
            Some(TlsError::InvalidCertificate(_)) => Self::OtherFarm,
            _ => Self::NoTls,
        }
    }
}
