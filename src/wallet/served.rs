//! Whether a web wallet is a build that its identity registry signed and the federation's log holds.
//!
//! Guarantees: every file that the build names was read and hashed here; the record of that build was verified off line against the
//! pinned root, with its proof in the log and its time stamp, and its signer is an identity registry of the directory today.
//! Deliberately absent: what the origin serves to others, or tomorrow; and whether that build is a good one, which is for those who
//! build it from the source and compare.

use std::{collections::BTreeMap, path::Path};

use gateway::http::wallet::Files;
use protocol::{
    bundle::{self, MAX_BUNDLE_BYTES, Report, Verdict},
    federation::VerifiedMember,
};
use schemas::{
    bundle::TrustRoot,
    digest::Digest,
    federation::Role,
    id::{EntityId, KeyId},
    time::{NumericDate, Timestamp},
};
use serde::{Deserialize, Serialize};
use service_kit::http_client::HttpClient;
use url::Url;

use super::{Federation, WalletError};

/// Bytes of one file, and files, at most: those of a gateway's wallet listener.
const MOST_BYTES: usize = 16 << 20;
const MOST_FILES: usize = 1_000;
/// Bytes of a list.
const LIST_BYTES: usize = 1 << 20;
/// The page, which browsers load from `/`.
const INDEX: &str = "index.html";

/// A build of the wallet that was compared with the log.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// The build, as it was hashed here.
    pub build: Digest,
    /// How many files it has.
    pub files: usize,
    /// The identity registry that signed for it, and when.
    pub registry: Option<(EntityId, NumericDate)>,
    /// The answer in one word.
    pub verdict: Verdict,
    /// Every check of the record.
    pub report: Report,
}

/// What the origin says of itself.
#[derive(Deserialize)]
struct Says {
    anchor: EntityId,
    fingerprint: KeyId,
}

/// The files of a build, as its `build.json` lists them.
#[derive(Deserialize)]
struct List {
    files: BTreeMap<String, Digest>,
}

/// Reads a whole wallet from its origin and compares it with the record of its build; returns the evidence as well.
///
/// # Errors
/// [`WalletError::Untrusted`] if a file is not the listed one, the record is about another build or by nobody who may sign it, or the
/// origin belongs to another federation; if somebody does not answer.
pub async fn check_served(federation: &Federation, origin: &Url) -> Result<(Compared, Vec<u8>), WalletError> {
    let directory = federation.directory().await?;
    let registries: Vec<&VerifiedMember> = directory.members().filter(|member| is_registry(member)).collect();
    let site = Site { federation, http: federation.http_to_any(registries.iter().copied())?, origin };
    let says: Says = site.json("federation.json").await?;
    let root = federation.root();
    if (says.anchor, says.fingerprint) != (root.entity.clone(), root.fingerprint.clone()) {
        return Err(WalletError::Untrusted(format!("{origin} belongs to another federation")));
    }
    let list: List = site.json("build.json").await?;
    let build = site.hash(&list).await?;
    let evidence = site.read("build-evidence.json", MAX_BUNDLE_BYTES).await?;
    let compared = compare(build, list.files.len(), &evidence, root, federation.now())?;
    let signer = compared.registry.as_ref().map(|(entity, _)| entity);
    if compared.verdict == Verdict::Trusted && !registries.iter().any(|registry| Some(registry.entity()) == signer) {
        return Err(WalletError::Untrusted("the record is not by an identity registry of today".to_owned()));
    }
    Ok((compared, evidence))
}

/// Compares the files of a folder with the evidence of a build, off line.
///
/// # Errors
/// If the folder cannot be read, or the record is about another build.
pub fn check_folder(folder: &Path, evidence: &[u8], root: &TrustRoot, now: Timestamp) -> Result<Compared, WalletError> {
    let files = Files::read(folder).map_err(|error| WalletError::Usage(error.to_string()))?;
    let build = files.build().ok_or_else(|| WalletError::Usage(format!("{} holds no wallet", folder.display())))?;
    compare(build, files.count(), evidence, root, now)
}

fn compare(
    build: Digest,
    files: usize,
    evidence: &[u8],
    root: &TrustRoot,
    now: Timestamp,
) -> Result<Compared, WalletError> {
    let report = bundle::verify(evidence, root, now);
    if report.build.is_some_and(|signed| signed != build) {
        return Err(WalletError::Untrusted(format!("the record is about another build than {build}")));
    }
    let verdict = match report.verdict() {
        // Evidence of something else is none of a build.
        Verdict::Trusted if report.build.is_none() => Verdict::Undecided,
        verdict => verdict,
    };
    let registry = report.records.first().map(|record| (record.iss.clone(), record.iat));
    Ok(Compared { build, files, registry, verdict, report })
}

fn is_registry(member: &VerifiedMember) -> bool {
    member.roles().iter().any(|role| matches!(role, Role::IdentityRegistry(_)))
}

/// The wallet's origin, over a connection that an identity registry or a public authority vouches for.
struct Site<'a> {
    federation: &'a Federation,
    http: HttpClient,
    origin: &'a Url,
}

impl Site<'_> {
    async fn read(&self, path: &str, most: usize) -> Result<Vec<u8>, WalletError> {
        let mut url = self.origin.clone();
        url.set_path(path);
        let party = || self.origin.as_str().trim_end_matches('/').parse();
        let away = |reason| WalletError::Unanswered {
            party: party().unwrap_or_else(|_| self.federation.anchor().clone()),
            reason,
        };
        let reply = self.http.fetch(&url, most).await.map_err(|error| away(format!("{url}: {error}")))?;
        if reply.status != 200 {
            return Err(away(format!("{url} answered with status {}", reply.status)));
        }
        Ok(reply.body)
    }

    async fn json<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T, WalletError> {
        let bytes = self.read(path, LIST_BYTES).await?;
        serde_json::from_slice(&bytes)
            .map_err(|_| WalletError::Untrusted(format!("{}{path} is not what a wallet's origin serves", self.origin)))
    }

    /// Hashes every listed file as it is served, and the list of them as the registry does.
    async fn hash(&self, list: &List) -> Result<Digest, WalletError> {
        if list.files.len() > MOST_FILES || !list.files.contains_key(INDEX) {
            return Err(WalletError::Untrusted(format!("{} lists no wallet", self.origin)));
        }
        let mut lines = String::new();
        for (path, listed) in &list.files {
            let served = self.read(if path == INDEX { "" } else { path }, MOST_BYTES).await?;
            let digest = Digest::of(&served);
            if digest != *listed {
                return Err(WalletError::Untrusted(format!("{path} is not the file that the build lists")));
            }
            lines += &format!("{}  {path}\n", digest.to_string().trim_start_matches("sha256:"));
        }
        Ok(Digest::of(lines))
    }
}
