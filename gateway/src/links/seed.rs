//! `vinimay gateway link seed`: a department finds the residents of a seeding file in its own register.
//!
//! Guarantees: every page is verified before anybody is looked for; a file with a missing, repeated or foreign page links nobody;
//! who is not surely one row, or whose row is another's, is linked to none; what was taken is receipted, and the receipt goes back to the registry. Deliberately absent: keeping names; they are forgotten with the process.

use std::{
    io::{self, BufRead as _},
    path::{Path, PathBuf},
};

use protocol::{consent::Refusal, exchange::Attested, seal::SealFailed};
use registry_adapter::{
    identity::BirthDate,
    key::LocalKey,
    matching::{Match, MatchError, Matcher, Person},
};
use schemas::{
    federation::Law,
    id::{LawId, SectorSubject},
    linking::{NamedResident, SubjectsPage},
    problem::Code,
    receipt::Receipt,
};
use service_kit::{audit_trail::Entry, db::DatabaseError};

use super::{
    DATASET, allows,
    page::{PageError, claimed_registry, open_page, verify_page},
    receipt::{self, ReceiptUnfit},
};
use crate::{
    app::App,
    audit,
    store::{
        links::{LinkError, NewLink, link_insert_many},
        links_open::open_insert,
    },
};

/// Links of one transaction.
const PAGE: usize = 1_000;

/// How a seeding run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Seeded {
    /// Residents in the file.
    pub residents: u64,
    /// Newly linked.
    pub linked: u64,
    /// Linked before.
    pub known: u64,
    /// More than one row, or a row that two people could be, or one that is linked to somebody else; left to an officer.
    pub ambiguous: u64,
    /// Not in this register.
    pub unknown: u64,
}

/// Nobody was linked, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The file.
    #[error("{path}: {source}; mend: name the file that the identity registry handed over")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// One page.
    #[error("{path}, line {line}: {source}; mend: ask the identity registry for a new export, and carry it over whole")]
    Page {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong with it.
        source: PageError,
    },
    /// The registry may not name people of our sector.
    #[error("the signer is not an identity registry for our sector, or cannot be asked now: {0}")]
    Registry(Refusal),
    /// The law.
    #[error(
        "the law {law} does not allow this department to be told {DATASET} by that registry; mend: have the authority register it"
    )]
    Law {
        /// The law.
        law: LawId,
    },
    /// The receipt on the last line.
    #[error("{path}: {source}; mend: ask the identity registry for a new export, and carry it over whole")]
    Receipt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ReceiptUnfit,
    },
    /// Our receipt could not be signed.
    #[error(transparent)]
    Seal(#[from] SealFailed),
    /// Pages are missing.
    #[error("{path} is incomplete; mend: ask the identity registry for a new export, and carry it over whole")]
    Incomplete {
        /// The file.
        path: PathBuf,
    },
    /// Nothing to look in.
    #[error("the mapping has no [[matching]]; mend: say in it which columns hold name, birth date and district")]
    NoMatching,
    /// The register could not be read.
    #[error(transparent)]
    Match(#[from] MatchError),
    /// Links could not be written; those of earlier pages stay, and the run may be repeated.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl SeedError {
    const fn code(&self) -> Option<Code> {
        match self {
            Self::Registry(refusal) => Some(refusal.code()),
            Self::Law { .. } => Some(Code::LawNotRegistered),
            Self::Page { .. } | Self::Receipt { .. } | Self::Incomplete { .. } => Some(Code::TokenMalformed),
            _ => None,
        }
    }
}

/// Reads, verifies, matches, links. Blocks; call it on the blocking pool.
///
/// # Errors
/// [`SeedError`], with its mend.
pub fn seed(app: &App, file: &Path) -> Result<Seeded, SeedError> {
    let entry = || audit::done("command-line", audit::LINK_SEED, app.entity().as_str(), app.now());
    let done = read(app, file).and_then(|taken| take(app, taken, &entry()));
    if let Err(error) = &done {
        let refused = audit::refused(entry(), error.code());
        app.db().write_blocking(|conn| audit::append(conn, &refused))?;
    }
    done
}

/// Links, then keeps both receipts with the audit row.
fn take(app: &App, taken: Taken, entry: &Entry) -> Result<Seeded, SeedError> {
    let Taken { residents, given } = taken;
    let seeded = link(app, residents)?;
    let now = app.now();
    let ours = receipt::sign_taken(app, &given, now)?;
    app.db().write_blocking(|conn| {
        receipt::record_taken(conn, &ours, given, now)?;
        audit::append(conn, entry)
    })?;
    Ok(seeded)
}

/// What a file holds, and the registry's receipt of it.
struct Taken {
    residents: Vec<NamedResident>,
    given: Attested<Receipt>,
}

fn read(app: &App, path: &Path) -> Result<Taken, SeedError> {
    let failed = |source| SeedError::File { path: path.to_owned(), source };
    let mut lines = io::BufReader::new(std::fs::File::open(path).map_err(failed)?).lines();
    let incomplete = || SeedError::Incomplete { path: path.to_owned() };
    let (mut residents, mut pages) = (Vec::new(), receipt::Pages::default());
    let mut law: Option<LawId> = None;
    for number in 0_u32.. {
        let line = lines.next().ok_or_else(incomplete)?.map_err(failed)?;
        let (page, registered) = verify(app, path, number, &line)?;
        if page.page != number || law.as_ref().is_some_and(|law| *law != page.law) {
            return Err(incomplete());
        }
        pages.add(&page.jti, &line);
        let opened = open_page(&page, &app.keys().encryption);
        residents.extend(opened.map_err(|source| at(path, number, source))?);
        if page.last {
            let receipt = lines.next().ok_or_else(incomplete)?.map_err(failed)?;
            let given = verify_receipt(app, path, &receipt, &registered, &pages)?;
            return if lines.next().is_none() { Ok(Taken { residents, given }) } else { Err(incomplete()) };
        }
        law = Some(page.law);
    }
    Err(incomplete())
}

fn verify_receipt(
    app: &App,
    path: &Path,
    line: &str,
    law: &Law,
    pages: &receipt::Pages,
) -> Result<Attested<Receipt>, SeedError> {
    let snapshot = app.directory();
    let registry = snapshot.peer(&law.provider, app.now()).map_err(SeedError::Registry)?;
    let unfit = |source| SeedError::Receipt { path: path.to_owned(), source };
    receipt::verify_given(line, registry, app.entity(), law, pages).map_err(unfit)
}

fn at(path: &Path, number: u32, source: PageError) -> SeedError {
    SeedError::Page {
        path: path.to_owned(),
        line: usize::try_from(number).unwrap_or(usize::MAX).saturating_add(1),
        source,
    }
}

/// A page, and the law that allows it.
fn verify(app: &App, path: &Path, number: u32, line: &str) -> Result<(SubjectsPage, Law), SeedError> {
    let now = app.now();
    let (unverified, registry) = claimed_registry(line).map_err(|source| at(path, number, source))?;
    let snapshot = app.directory();
    let registry = snapshot.peer(&registry, now).map_err(SeedError::Registry)?;
    registry.authorize_identity_registry(&app.config().sector).map_err(|error| {
        SeedError::Registry(Refusal::new(error.code(), "it is no identity registry for our sector"))
    })?;
    let page = verify_page(unverified, registry, app.entity(), now).map_err(|source| at(path, number, source))?;
    let law = snapshot.law(&page.law, now).map_err(SeedError::Registry)?;
    let law = law.filter(|law| allows(law, registry.entity(), app.entity()));
    match law.cloned() {
        Some(law) => Ok((page, law)),
        None => Err(SeedError::Law { law: page.law }),
    }
}

fn link(app: &App, residents: Vec<NamedResident>) -> Result<Seeded, SeedError> {
    let matchers = app.source().map(|source| source.matchers()).unwrap_or_default();
    if matchers.is_empty() {
        return Err(SeedError::NoMatching);
    }
    let mut seeded = Seeded { residents: u64::try_from(residents.len()).unwrap_or(u64::MAX), ..Seeded::default() };
    let people = residents.into_iter().map(person).collect();
    let mut links = Vec::new();
    let mut open = Vec::new();
    for (subject, person, found) in match_in_turn(&matchers, people)? {
        match found {
            Match::Linked { key, method, score } => {
                links.push((new_link(subject.clone(), &key, method, score), named(subject, person)));
            }
            Match::Ambiguous => {
                seeded.ambiguous += 1;
                open.extend(named(subject, person));
            }
            Match::None => seeded.unknown += 1,
        }
    }
    for page in open.chunks(PAGE) {
        let (keys, now) = (app.keys(), app.now());
        app.db().write_blocking(|conn| page.iter().try_for_each(|person| open_insert(conn, keys, person, now)))?;
    }
    for page in links.chunks(PAGE) {
        let (written, taken) = link_page(app, page)?;
        seeded.linked += written;
        seeded.ambiguous += taken;
        seeded.known += u64::try_from(page.len()).unwrap_or(0).saturating_sub(written + taken);
    }
    Ok(seeded)
}

/// Links a page; how many are new, and how many were left to an officer because their number is another's.
fn link_page(app: &App, page: &[(NewLink, Option<NamedResident>)]) -> Result<(u64, u64), SeedError> {
    let (keys, now) = (app.keys(), app.now());
    let links: Vec<NewLink> = page.iter().map(|(link, _)| link.clone()).collect();
    let run = app.db().write_blocking(|conn| {
        let run = link_insert_many(conn, keys, &links, now)?;
        let people =
            page.iter().filter(|(link, _)| run.taken.contains(&link.subject)).filter_map(|(_, person)| person.as_ref());
        people.into_iter().try_for_each(|person| open_insert(conn, keys, person, now))?;
        Ok::<_, LinkError>(run)
    })?;
    Ok((run.written, u64::try_from(run.taken.len()).unwrap_or(u64::MAX)))
}

fn person(resident: NamedResident) -> (SectorSubject, Person) {
    let NamedResident { sub, given_name, family_name, birth_date, district } = resident;
    (sub, Person { given_name, family_name, birth_date: BirthDate::Day(birth_date), district })
}

/// As the file named her.
fn named(sub: SectorSubject, person: Person) -> Option<NamedResident> {
    let Person { given_name, family_name, birth_date, district } = person;
    let BirthDate::Day(birth_date) = birth_date else { return None };
    Some(NamedResident { sub, given_name, family_name, birth_date, district })
}

fn new_link(subject: SectorSubject, key: &LocalKey, method: &str, score: u8) -> NewLink {
    NewLink {
        subject,
        local_key: key.as_str().to_owned(),
        method: method.to_owned(),
        score,
        confirmed_by: "seeding".to_owned(),
    }
}

/// The first table that knows a person decides; whom it leaves ambiguous no later table makes sure.
fn match_in_turn(
    matchers: &[Matcher],
    people: Vec<(SectorSubject, Person)>,
) -> Result<Vec<(SectorSubject, Person, Match)>, MatchError> {
    let mut settled = Vec::with_capacity(people.len());
    let mut open = people;
    for matcher in matchers {
        let asked = open.into_iter().map(|(subject, person)| ((subject, person.clone()), person));
        let mut unknown = Vec::new();
        for ((subject, person), found) in matcher.match_all(asked)? {
            match found {
                Match::None => unknown.push((subject, person)),
                other => settled.push((subject, person, other)),
            }
        }
        open = unknown;
    }
    settled.extend(open.into_iter().map(|(subject, person)| (subject, person, Match::None)));
    Ok(settled)
}
