//! What browsers are shown: certificates from files, in the place of the one that the directory lists.
//!
//! Guarantees: looked at before any listener answers; another host's, an ended or a mismatched one stops the start. Without
//! files the listed certificate is shown, and nothing of what peers pin changes in any case. Deliberately absent: asking an
//! authority for certificates (its client writes the files), and reading them again while we run.

use std::path::PathBuf;

use schemas::{id::EntityId, time::Timestamp};
use service_kit::tls::{ServerIdentity, TlsError};
use url::Url;

use crate::config::{Config, PublicTls};

/// A certificate for browsers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PublicCertificateError {
    /// The files.
    #[error(transparent)]
    Files(#[from] TlsError),
    /// Of something else, or of another time.
    #[error(
        "{path} is no certificate for {address} at this time; mend: have one issued for that host, and name its file"
    )]
    Unfit {
        /// The file.
        path: PathBuf,
        /// Whom browsers ask for.
        address: EntityId,
    },
}

/// What the two listeners for browsers show.
#[derive(Clone, Debug)]
pub(crate) struct PublicCertificates {
    /// The people's listener.
    pub people: ServerIdentity,
    /// The wallet's listener.
    pub wallet: ServerIdentity,
}

impl PublicCertificates {
    /// Reads the files that the configuration names; `listed` is shown where it names none.
    ///
    /// # Errors
    /// [`PublicCertificateError`], with its mend.
    pub(crate) fn load(
        config: &Config,
        listed: &ServerIdentity,
        now: Timestamp,
    ) -> Result<Self, PublicCertificateError> {
        let files = config.listen.people_tls.as_ref();
        let people = files.map(|files| read(files, &config.public.people, now)).transpose()?;
        let people = people.unwrap_or_else(|| listed.clone());
        let own = config.wallet.as_ref().and_then(|wallet| Some((wallet.tls.as_ref()?, &wallet.public)));
        let wallet = own.map(|(files, origin)| read(files, origin, now)).transpose()?;
        Ok(Self { wallet: wallet.unwrap_or_else(|| people.clone()), people })
    }
}

fn read(files: &PublicTls, address: &EntityId, now: Timestamp) -> Result<ServerIdentity, PublicCertificateError> {
    let path = files.certificate_file.resolve();
    let identity = ServerIdentity::load(&path, &files.key_file.resolve())?;
    let url = Url::parse(address.as_str()).ok();
    let host = url.as_ref().and_then(Url::host_str).map(|host| host.trim_matches(['[', ']']));
    if host.is_some_and(|host| identity.is_for(host, now)) {
        return Ok(identity);
    }
    Err(PublicCertificateError::Unfit { path, address: address.clone() })
}

#[cfg(test)]
mod tests {
    use service_kit::{clock::Clock, secret::SecretFile};
    use service_kit_testing::self_signed;

    use super::*;
    use crate::testing::TestDepartment;

    /// A configuration that names a certificate of this host, of so many days, with this key.
    fn load(host: &str, days: i64, other_key: bool) -> Result<PublicCertificates, PublicCertificateError> {
        let department = TestDepartment::new("revenue", None, "");
        let file = department.path("gateway.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let named = "\npeople_tls = { certificate_file = \"public.pem\", key_file = \"public.key.pem\" }\n[public]";
        std::fs::write(&file, text.replacen("\n[public]", named, 1)).unwrap();
        let (certificate, key) = self_signed(host, days);
        let key = if other_key { self_signed(host, days).1 } else { key };
        std::fs::write(department.path("public.pem"), certificate).unwrap();
        SecretFile::write(&department.path("public.key.pem"), &key).unwrap();
        let (certificate, key) = self_signed("localhost", 30);
        let listed = ServerIdentity::from_pem(&certificate, &service_kit::secret::Secret::new(key)).unwrap();
        PublicCertificates::load(&department.config(), &listed, Clock::default().now())
    }

    #[test]
    fn a_certificate_for_the_public_host_is_shown_to_people_and_by_default_to_wallets() {
        let shown = load("revenue.localhost", 30, false).unwrap();
        assert_eq!(shown.people.certificate_der().unwrap(), shown.wallet.certificate_der().unwrap());
    }

    #[test]
    fn one_of_another_host_an_ended_one_and_another_pair_stop_the_start() {
        for (host, days) in [("social.localhost", 30), ("revenue.localhost", -1), ("localhost", 30)] {
            let error = load(host, days, false).unwrap_err().to_string();
            assert!(error.contains("no certificate for https://revenue.localhost"), "{host} {days}: {error}");
        }
        let error = load("revenue.localhost", 30, true).unwrap_err();
        assert!(matches!(error, PublicCertificateError::Files(TlsError::Mismatch)), "{error}");
    }
}
