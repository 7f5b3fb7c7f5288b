//! `vinimay anchor purpose …` and `vinimay anchor law …`

use std::path::PathBuf;

use schemas::{
    federation::{Law, Purpose, RegisterContent},
    time::Timestamp,
};
use serde::Serialize;
use tlog::entry::{EntryType, RecordDigest};

use super::{Action, CommandError, administer, audit, open};
use crate::{
    config::AnchorConfig,
    keys::Keys,
    registers::{self, Officers, Placeholders, RegisterError, RegisterKind},
    store::{Connection, log, register},
};

/// A version of a register that was signed. It is in force once the running anchor has logged it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisteredVersion {
    /// The version of the whole register.
    pub version: u64,
    /// How many purposes or laws it holds.
    pub entries: usize,
    /// Who signed.
    pub officers: String,
}

/// One purpose or law, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisteredEntry {
    /// Code of the purpose or id of the law.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its English text or title.
    pub text: String,
}

/// Adds purposes from TOML files, signed with the officers' key files (PKCS#8 PEM, mode 0600).
///
/// # Errors
/// [`CommandError`]; the attempt is in the audit trail.
pub fn purpose_add(
    config: &AnchorConfig,
    files: &[PathBuf],
    set: &Placeholders,
    officer_keys: &[PathBuf],
) -> Result<RegisteredVersion, CommandError> {
    let action = Action { name: "purpose.add", target: names(files) };
    administer(config, &action, |conn, keys, now| {
        let new: Vec<Vec<Purpose>> =
            files.iter().map(|path| registers::read_purposes(path, set)).collect::<Result<_, _>>()?;
        let (version, known) = registers::newest(conn, RegisterKind::Purposes)?;
        let content = registers::merge_purposes(known, new.concat())?;
        put(conn, config, keys, (RegisterKind::Purposes, version + 1), content, officer_keys, (&action, now))
    })
}

/// Adds laws from TOML files; as [`purpose_add`].
///
/// # Errors
/// [`CommandError`]; the attempt is in the audit trail.
pub fn law_add(
    config: &AnchorConfig,
    files: &[PathBuf],
    set: &Placeholders,
    officer_keys: &[PathBuf],
) -> Result<RegisteredVersion, CommandError> {
    let action = Action { name: "law.add", target: names(files) };
    administer(config, &action, |conn, keys, now| {
        let today = now.civil_day();
        let new: Vec<Vec<Law>> =
            files.iter().map(|path| registers::read_laws(path, set, today)).collect::<Result<_, _>>()?;
        let (version, known) = registers::newest(conn, RegisterKind::Laws)?;
        let content = registers::merge_laws(known, new.concat())?;
        put(conn, config, keys, (RegisterKind::Laws, version + 1), content, officer_keys, (&action, now))
    })
}

/// Signs, keeps, and leaves the digests to the sequencer, all in the caller's transaction.
fn put(
    conn: &mut Connection,
    config: &AnchorConfig,
    keys: &Keys,
    (kind, version): (RegisterKind, u64),
    content: RegisterContent,
    officer_keys: &[PathBuf],
    (action, now): (&Action, Timestamp),
) -> Result<RegisteredVersion, CommandError> {
    let officers = Officers::load(officer_keys, &keys.officers)?;
    let signatures = registers::sign(&officers, &config.entity, version, &content, now).map_err(RegisterError::from)?;
    for signature in &signatures {
        register::signature_insert(conn, kind.as_str(), version, signature)?;
        log::pending_insert(conn, EntryType::Version, RecordDigest::of(signature.jws.as_str().as_bytes()))?;
    }
    audit(conn, action, now)?;
    let entries = match &content {
        RegisterContent::Purposes(all) => all.len(),
        RegisterContent::Laws(all) => all.len(),
    };
    Ok(RegisteredVersion { version, entries, officers: officers.names() })
}

/// The purposes of the newest version.
///
/// # Errors
/// [`CommandError`].
pub fn purpose_list(config: &AnchorConfig) -> Result<Vec<RegisteredEntry>, CommandError> {
    list(config, RegisterKind::Purposes)
}

/// The laws of the newest version.
///
/// # Errors
/// [`CommandError`].
pub fn law_list(config: &AnchorConfig) -> Result<Vec<RegisteredEntry>, CommandError> {
    list(config, RegisterKind::Laws)
}

fn list(config: &AnchorConfig, kind: RegisterKind) -> Result<Vec<RegisteredEntry>, CommandError> {
    let (_, content) = open(config)?.read_blocking(|conn| registers::newest(conn, kind))?;
    let english = |texts: &std::collections::BTreeMap<String, String>| texts.get("en").cloned().unwrap_or_default();
    Ok(match content {
        RegisterContent::Purposes(all) => all
            .into_iter()
            .map(|one| RegisteredEntry {
                id: one.code.to_string(),
                version: one.version.to_string(),
                text: english(&one.text),
            })
            .collect(),
        RegisterContent::Laws(all) => all
            .into_iter()
            .map(|one| RegisteredEntry {
                id: one.id.to_string(),
                version: one.version.to_string(),
                text: english(&one.title),
            })
            .collect(),
    })
}

fn names(files: &[PathBuf]) -> String {
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    files.iter().map(name).collect::<Vec<_>>().join(" ")
}
