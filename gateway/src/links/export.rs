//! `vinimay gateway subjects export`: the identity registry names its residents to one department, under a registered law.
//!
//! Guarantees: streams; a page in memory at a time; only what the matching rule compares, of the living, sealed to that department
//! alone; refused and done, an audit row; done, a receipt on the last line, logged, and a use of the law's day. Deliberately absent: residents whose day of birth is not known; nothing could link them.

use std::{
    io::{self, Write as _},
    path::Path,
};

use protocol::{consent::Refusal, exchange::Attested, federation::RegisteredLaw, seal::SealFailed};
use registry_adapter::identity::{BirthDate, IdentityError, Resident};
use schemas::{
    federation::Law,
    id::{EntityId, LawId},
    linking::NamedResident,
    problem::Code,
    receipt::Receipt,
    time::Timestamp,
};
use service_kit::{audit_trail::Entry, db::DatabaseError, secret::SecretError};

use super::{
    DATASET, allows,
    page::{Heading, RESIDENTS, SignedPage, sign_page},
    receipt,
};
use crate::{app::App, audit, directory::DirectorySnapshot};

/// What left.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    /// For whom.
    pub receiver: EntityId,
    /// Under which law.
    pub law: LawId,
    /// How many residents are named.
    pub residents: u64,
    /// On how many pages.
    pub pages: u32,
}

/// Nothing left, or the file is incomplete and was removed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// This gateway names nobody.
    #[error(
        "this gateway is no identity registry for the sector {sector}; mend: [identity] with that sector in the configuration, [identity] in the mapping, and its key file"
    )]
    NoRegistry {
        /// The receiver's sector.
        sector: String,
    },
    /// No law, or one for somebody else.
    #[error(
        "the law {law} does not allow {receiver} to be told {DATASET} by this department; mend: have the authority register it"
    )]
    Law {
        /// The law.
        law: LawId,
        /// Who was to be told.
        receiver: EntityId,
    },
    /// The receiver.
    #[error("the receiver may not be told: {0}")]
    Receiver(Refusal),
    /// The law's day is used up.
    #[error("the law {law} allows no further file today; mend: take the file that was made, or wait until tomorrow")]
    Quota {
        /// The law.
        law: LawId,
    },
    /// The residents.
    #[error(transparent)]
    Residents(#[from] IdentityError),
    /// Signing or sealing.
    #[error(transparent)]
    Seal(#[from] SealFailed),
    /// The file.
    #[error("{path}: {source}; mend: name a file that does not exist yet, in a folder in which this user may write")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A secret file.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The audit row.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Writes the file. Blocks while it reads the register; call it on the blocking pool.
///
/// # Errors
/// [`ExportError`], with its mend; then there is no file.
pub fn export(app: &App, receiver: &EntityId, law: &LawId, out: &Path) -> Result<Exported, ExportError> {
    let entry = || audit::done("command-line", audit::SUBJECTS_EXPORT, receiver.as_str(), app.now());
    let done = write_file(app, receiver, law, out).and_then(|made| record(app, made, &entry()));
    if let Err(error) = &done {
        // What is not recorded must not have left. A file that was there before is not ours to remove.
        if !matches!(error, ExportError::File { source, .. } if source.kind() == io::ErrorKind::AlreadyExists) {
            let _ = std::fs::remove_file(out);
        }
        let refused = audit::refused(entry(), code(error));
        app.db().write_blocking(|conn| audit::append(conn, &refused))?;
    }
    done
}

const fn code(error: &ExportError) -> Option<Code> {
    match error {
        ExportError::Law { .. } => Some(Code::LawNotRegistered),
        ExportError::Quota { .. } => Some(Code::LawQuotaExceeded),
        ExportError::Receiver(refusal) => Some(refusal.code()),
        _ => None,
    }
}

/// A file that lies there, and what is to be recorded of it before it may be handed over.
struct Made {
    exported: Exported,
    law: Law,
    receipt: Attested<Receipt>,
    at: Timestamp,
}

/// Counts the run, keeps the receipt and the audit row, in one transaction.
fn record(app: &App, made: Made, entry: &Entry) -> Result<Exported, ExportError> {
    let Made { exported, law, receipt, at } = made;
    app.db().write_blocking(|conn| {
        if !receipt::count_run(conn, &law, at)? {
            return Err(ExportError::Quota { law: law.id.clone() });
        }
        receipt::record_given(conn, &receipt, &law, at)?;
        Ok(audit::append(conn, entry)?)
    })?;
    Ok(exported)
}

fn write_file(app: &App, receiver: &EntityId, law: &LawId, out: &Path) -> Result<Made, ExportError> {
    let now = app.now();
    let snapshot = app.directory();
    let member = snapshot.peer(receiver, now).map_err(ExportError::Receiver)?;
    let registered = authorize_law(app, &snapshot, receiver, law, now)?;
    let no_registry = || ExportError::NoRegistry { sector: member.sector().to_string() };
    let sector_key = app.keys().sectors.get(member.sector()).ok_or_else(no_registry)?;
    let residents = app.source().and_then(|source| source.residents()).ok_or_else(no_registry)?;
    let heading = Heading { registry: app.entity(), receiver, law, now };
    let mut pages = Pages::create(out)?;
    let mut waiting = Vec::with_capacity(RESIDENTS);
    let sign = |page, last, residents: &[NamedResident]| {
        sign_page(&heading, &app.keys().signing, member.encryption_key(), page, last, residents)
    };
    let mut total = 0;
    residents.for_each(|resident| {
        let Some(named) = named(&resident, sector_key.sector_subject(resident.number.as_str())) else { return Ok(()) };
        // A page is written when it is known that another follows.
        if waiting.len() == RESIDENTS {
            pages.add(&sign(pages.count, false, &waiting)?)?;
            waiting.clear();
        }
        waiting.push(named);
        total += 1;
        Ok::<_, ExportError>(())
    })?;
    pages.add(&sign(pages.count, true, &waiting)?)?;
    let receipt = receipt::sign_given(app, receiver, &registered, &pages.receipted, now)?.ok_or_else(no_registry)?;
    let pages = pages.finish(&receipt)?;
    let exported = Exported { receiver: receiver.clone(), law: law.clone(), residents: total, pages };
    Ok(Made { exported, law: registered.law().clone(), receipt, at: now })
}

/// The law, if it lets us tell this dataset to that receiver today.
fn authorize_law(
    app: &App,
    snapshot: &DirectorySnapshot,
    receiver: &EntityId,
    law: &LawId,
    now: Timestamp,
) -> Result<RegisteredLaw, ExportError> {
    let known = snapshot.law(law, now).map_err(ExportError::Receiver)?;
    let allowed = known.is_some_and(|known| allows(known, app.entity(), receiver));
    let registered = snapshot.laws().and_then(|laws| laws.registered(law)).filter(|_| allowed);
    registered.ok_or_else(|| ExportError::Law { law: law.clone(), receiver: receiver.clone() })
}

fn named(resident: &Resident, sub: schemas::id::SectorSubject) -> Option<NamedResident> {
    let BirthDate::Day(birth_date) = resident.birth_date else { return None };
    let Resident { given_name, family_name, district, alive, .. } = resident.clone();
    alive.then_some(NamedResident { sub, given_name, family_name, birth_date, district })
}

/// A new file that only this user can read, one page a line, and the receipt on the last.
struct Pages {
    path: std::path::PathBuf,
    file: io::BufWriter<std::fs::File>,
    receipted: receipt::Pages,
    count: u32,
}

impl Pages {
    fn create(path: &Path) -> Result<Self, ExportError> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = file.map_err(|source| ExportError::File { path: path.to_owned(), source })?;
        Ok(Self {
            path: path.to_owned(),
            file: io::BufWriter::new(file),
            receipted: receipt::Pages::default(),
            count: 0,
        })
    }

    fn add(&mut self, page: &SignedPage) -> Result<(), ExportError> {
        self.count += 1;
        self.receipted.add(&page.jti, page.jws.as_str());
        self.write(page.jws.as_str())
    }

    fn write(&mut self, line: &str) -> Result<(), ExportError> {
        writeln!(self.file, "{line}").map_err(|source| self.failed(source))
    }

    fn finish(mut self, receipt: &Attested<Receipt>) -> Result<u32, ExportError> {
        self.write(receipt.jws().as_str())?;
        let written = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        written.map_err(|source| self.failed(source))?;
        Ok(self.count)
    }

    fn failed(&self, source: io::Error) -> ExportError {
        ExportError::File { path: self.path.clone(), source }
    }
}
