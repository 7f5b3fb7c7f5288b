//! Calls to services that are no members of the federation: our own systems, and gateways for short messages.
//!
//! Guarantees: https to the very address that the configuration names, trusting exactly the certificates of the file beside it; no
//! authority is trusted by default; private networks only where the configuration lists them. Deliberately absent: retries, which
//! each caller keeps in its rows.

use std::path::PathBuf;

use openssl::x509::X509;
use serde::Deserialize;
use service_kit::{
    config::FilePath,
    http_client::{ClientLimits, HttpClient, HttpError, NetworkPolicy, Reply},
};
use url::Url;

/// What a service may answer at most, bytes.
const MOST: usize = 16 * 1024;

/// Where one of our own systems hears us.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// An https address without user and query.
    pub url: Url,
    /// PEM: the certificates that are trusted there, its own or its authority's, and no others.
    pub roots_file: FilePath,
}

/// An outside service cannot be called as configured.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// The address.
    #[error(
        "{url}: {problem}; mend: write an https address of a host that may be called, without user, query and fragment"
    )]
    Address {
        /// Which.
        url: Url,
        /// What is wrong with it.
        problem: String,
    },
    /// The certificates.
    #[error("{path}: {problem}; mend: name a PEM file with the certificate of that service, or of its authority")]
    Roots {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The client.
    #[error(transparent)]
    Client(#[from] HttpError),
}

/// A service that can be called.
#[derive(Clone, Debug)]
pub struct Outside {
    url: Url,
    client: HttpClient,
}

impl Outside {
    /// Makes the client.
    ///
    /// # Errors
    /// If the address or the certificates cannot be used.
    pub fn open(settings: &WebhookSettings, networks: &NetworkPolicy) -> Result<Self, OutsideError> {
        let url = settings.url.clone();
        let wrong = |problem: String| OutsideError::Address { url: url.clone(), problem };
        networks.check(&url).map_err(|error| wrong(error.to_string()))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it has a query or a fragment, where personal data would stand in logs".to_owned()));
        }
        let roots = roots(&settings.roots_file)?;
        let client = HttpClient::pinned(&roots, None, networks.clone(), ClientLimits::default())?;
        Ok(Self { url, client })
    }

    /// Posts.
    ///
    /// # Errors
    /// If no whole answer came.
    pub async fn post(&self, media_type: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<Reply, HttpError> {
        self.client.post_with(&self.url, media_type, headers, body, MOST).await
    }
}

/// The certificates of a PEM file, DER.
///
/// # Errors
/// If the file cannot be read, or holds none.
pub fn roots(file: &FilePath) -> Result<Vec<Vec<u8>>, OutsideError> {
    let path = file.resolve();
    let wrong = |problem: String| OutsideError::Roots { path: path.clone(), problem };
    let pem = std::fs::read(&path).map_err(|error| wrong(error.to_string()))?;
    let certificates = X509::stack_from_pem(&pem).map_err(|error| wrong(error.to_string()))?;
    let roots: Result<Vec<Vec<u8>>, _> = certificates.iter().map(|one| one.to_der()).collect();
    match roots {
        Ok(roots) if !roots.is_empty() => Ok(roots),
        Ok(_) => Err(wrong("it holds no certificate".to_owned())),
        Err(error) => Err(wrong(error.to_string())),
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
