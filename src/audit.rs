//! What an auditor does without asking anybody: verify bundles off line against a root that she pinned.
//!
//! Guarantees: no socket is opened; passed, failed and *could not be checked* are kept apart; the files and commands that let
//! stock tools prove the same can be written out. Deliberately absent: the rules (`protocol::bundle`), and any trust in a root
//! that came with the bundle.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::bundle::{self, Finding, MAX_BUNDLE_BYTES, Report, Verdict};
use schemas::{bundle::TrustRoot, time::Timestamp};
use serde::Serialize;

mod sentences;

pub use sentences::{finding_line, verdict_line};

/// How much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Level {
    /// One line of verdict.
    #[default]
    Summary,
    /// Each check with its reason.
    Detailed,
    /// Everything, and the commands of stock tools that prove the same.
    Evidence,
}

/// One verified file.
#[derive(Debug, Serialize)]
pub struct Audited {
    /// The file.
    pub file: PathBuf,
    /// The answer in one word.
    pub verdict: Verdict,
    /// All checks.
    pub report: Report,
    /// Commands of stock tools, at level evidence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
}

/// Reads the pinned root.
///
/// # Errors
/// If the file is missing or is no trust root.
pub fn read_root(path: &Path) -> anyhow::Result<TrustRoot> {
    let bytes = read_bounded(path, 64 * 1024)?;
    serde_json::from_slice(&bytes).with_context(|| {
        format!(
            "{} is no trust root; mend: take the trust-root.json that the federation publishes by another way",
            path.display()
        )
    })
}

/// Verifies one file.
///
/// # Errors
/// If the file cannot be read; what is wrong inside it is in the report.
pub fn verify_file(path: &Path, root: &TrustRoot, now: Timestamp) -> anyhow::Result<Audited> {
    let bytes = read_bundle(path)?;
    let report = bundle::verify(&bytes, root, now);
    Ok(Audited { file: path.to_owned(), verdict: report.verdict(), report, commands: Vec::new() })
}

/// Reads a bundle, without judging it.
///
/// # Errors
/// If the file cannot be read.
pub fn read_bundle(path: &Path) -> anyhow::Result<Vec<u8>> {
    // One byte more than is allowed, so that the verifier itself says "too large".
    read_bounded(path, MAX_BUNDLE_BYTES + 1)
}

fn read_bounded(path: &Path, limit: usize) -> anyhow::Result<Vec<u8>> {
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut bytes = Vec::new();
    file.take(u64::try_from(limit)?)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(bytes)
}

/// The worst of several verdicts: foreign, then failed, then undecided.
pub fn worst(audited: &[Audited]) -> Verdict {
    let rank = |verdict: Verdict| match verdict {
        Verdict::Trusted => 0,
        Verdict::Undecided => 1,
        Verdict::Failed => 2,
        Verdict::Foreign => 3,
    };
    audited.iter().map(|a| a.verdict).max_by_key(|v| rank(*v)).unwrap_or(Verdict::Undecided)
}

/// Counts of passed, failed and unchecked.
pub fn tally(report: &Report) -> (usize, usize, usize) {
    report.checks.iter().fold((0, 0, 0), |(passed, failed, open), check| match check.finding {
        Finding::Passed => (passed + 1, failed, open),
        Finding::Failed(_) => (passed, failed + 1, open),
        Finding::CouldNotBeChecked(_) => (passed, failed, open + 1),
    })
}

/// Writes notes, tokens and the stamping root into a folder, and returns the commands that check them with stock OpenSSL.
///
/// # Errors
/// If a file cannot be written.
pub fn write_evidence(audited: &Audited, root: &TrustRoot, folder: &Path) -> anyhow::Result<Vec<String>> {
    std::fs::create_dir_all(folder)?;
    let root_file = folder.join("tsa-root.pem");
    let der = STANDARD.decode(&root.tsa_root).context("the time-stamp root of the pinned trust root")?;
    std::fs::write(&root_file, openssl::x509::X509::from_der(&der)?.to_pem()?)?;
    let stem = audited.file.file_stem().map_or_else(|| "bundle".into(), |s| s.to_string_lossy().into_owned());
    let mut commands = Vec::new();
    for (number, stamp) in audited.report.stamps.iter().enumerate() {
        let note = folder.join(format!("{stem}-{number}.note"));
        let token = folder.join(format!("{stem}-{number}.tsr"));
        std::fs::write(&note, &stamp.note)?;
        std::fs::write(&token, &stamp.response)?;
        commands.push(format!(
            "openssl ts -verify -in {} -data {} -CAfile {} -attime {}",
            token.display(),
            note.display(),
            root_file.display(),
            stamp.stamped.seconds()
        ));
    }
    Ok(commands)
}
