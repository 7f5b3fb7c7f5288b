//! The department's schemes: handed in, linted, back-tested, signed by two officers, brought into force, taken back.
//!
//! Guarantees: a version is in force only if it lints without an error, its examples pass, a signed back-test of that very file
//! exists, and two persons signed equal orders with confirmed keys of scheme officers; what was in force on any past day can be
//! told from the orders. Every step is a row of the audit trail, refused ones included; orders and back-tests are logged at the
//! anchor. Deliberately absent: evaluating people (`crate::decisions`), pages (`crate::console`).

mod backtest;
pub mod commands;
mod detail;
mod error;
mod leavers;
mod orders;
mod runs;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use eligibility::{
    lint::{Lint, lint},
    scheme::{Scheme, Threshold},
};
use schemas::{
    decision::SchemeVersion,
    digest::Digest,
    id::{EntityId, SchemeId, SystemName},
    problem::Code,
    scheme::SchemeAction,
    time::{CivilDate, Timestamp},
};
use service_kit::{
    clock::Clock,
    db::{AnyConnection, Database},
};

use crate::{
    app::App,
    audit,
    keys::Keys,
    store::schemes::{
        StoredOrder, StoredVersion, backtest_newest, order_list, version_find, version_insert, version_list,
        version_of_hash,
    },
};

pub use backtest::{BackTested, Progress};
pub use detail::{Detail, Open, Tested};
pub use error::{NotLinted, SchemeError};
pub use leavers::{Movers, Moving};
pub use orders::{OrderTaken, Terms, sign_order};

/// Names of actions in the audit trail.
pub mod action {
    /// A version was handed in.
    pub const SUBMIT: &str = "scheme.submit";
    /// It was tested on the roll.
    pub const BACKTEST: &str = "scheme.backtest";
    /// Somebody looked at who would enter or leave.
    pub const PEOPLE: &str = "scheme.people";
    /// An officer read the sample of leavers.
    pub const READ: &str = "scheme.read-leavers";
    /// An officer signed an order.
    pub const SIGN: &str = "scheme.sign";
    /// An order was carried out.
    pub const ORDER: &str = "scheme.order";
}

/// The area.
#[derive(Clone)]
pub struct Schemes {
    db: Database,
    keys: Keys,
    clock: Clock,
    entity: EntityId,
    parsed: Arc<Mutex<BTreeMap<Digest, Arc<Scheme>>>>,
}

impl std::fmt::Debug for Schemes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Schemes").field("entity", &self.entity).finish_non_exhaustive()
    }
}

impl App {
    /// The department's schemes.
    pub fn schemes(&self) -> &Schemes {
        &self.areas().schemes
    }
}

/// How a version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionState {
    /// Handed in.
    Submitted,
    /// With a back-test.
    BackTested,
    /// Ordered, its day has not come.
    Scheduled,
    /// In force.
    InForce,
    /// It was in force.
    Superseded,
}

/// A version as lists show it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Listed {
    /// Id, version and hash.
    pub version: SchemeVersion,
    /// Its title in English.
    pub title: String,
    /// Its title in Hindi.
    pub title_hi: String,
    /// How it stands.
    pub state: VersionState,
    /// From which day it is, was or will be in force.
    pub from: Option<CivilDate>,
    /// Who handed it in.
    pub submitted_by: String,
    /// How many officers signed the newest order about it that was not carried out.
    pub signatures: usize,
    /// Who signed the newest order about it, carried out or not.
    pub signed_by: Vec<SystemName>,
}

impl Schemes {
    /// Over the gateway's database.
    pub fn new(db: Database, keys: Keys, clock: Clock, entity: EntityId) -> Self {
        Self { db, keys, clock, entity, parsed: Arc::default() }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.now().seconds().saturating_mul(1_000)
    }

    /// Takes a file in; by whom. The same file twice is taken once.
    ///
    /// # Errors
    /// [`SchemeError::NotLinted`] with its findings; refused if it is another department's or its number is taken.
    pub async fn submit(&self, by: &str, text: String) -> Result<SchemeVersion, SchemeError> {
        let entry = |target: &str| audit::done(by, action::SUBMIT, target, self.now());
        let read = match clean(&text) {
            Ok(scheme) if scheme.department == self.entity => Ok(scheme),
            Ok(_) => Err(SchemeError::refused(Code::AccessDenied, "the scheme names another department")),
            Err(findings) => Err(SchemeError::NotLinted(findings)),
        };
        let scheme = match read {
            Ok(scheme) => scheme,
            Err(error) => {
                audit::record(&self.db, audit::refused(entry("scheme"), Some(error.code()))).await?;
                return Err(error);
            }
        };
        let version = version_of(&scheme);
        let stored = StoredVersion {
            hash: scheme.hash,
            scheme: scheme.id.clone(),
            version: scheme.version,
            body: text,
            submitted_by: by.to_owned(),
            at_ms: self.now_ms(),
        };
        let row = entry(&scheme.to_string());
        let taken = self
            .db
            .write(move |conn| {
                let fits = version_insert(conn, &stored)? || version_of_hash(conn, &stored.hash)?.is_some();
                audit::append(conn, &if fits { row } else { audit::refused(row, Some(Code::Conflict)) })?;
                Ok::<_, SchemeError>(fits)
            })
            .await?;
        if taken {
            return Ok(version);
        }
        Err(SchemeError::refused(Code::Conflict, "this version number is taken by another file; count it up"))
    }

    /// The versions in force on a day, one a scheme at most.
    ///
    /// # Errors
    /// If they cannot be read; then nothing may be decided.
    pub async fn active(&self, as_of: CivilDate) -> Result<Vec<Arc<Scheme>>, SchemeError> {
        let this = self.clone();
        self.db.read(move |conn| this.active_in(conn, as_of)).await
    }

    /// The same in the caller's transaction.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn active_in(&self, conn: &mut AnyConnection, as_of: CivilDate) -> Result<Vec<Arc<Scheme>>, SchemeError> {
        let mut active = Vec::new();
        for order in in_force(&order_list(conn, None)?, as_of) {
            let scheme = self.scheme_of(conn, &order.hash)?;
            if scheme.is_in_force(as_of) {
                active.push(scheme);
            }
        }
        Ok(active)
    }

    /// The ages at which a scheme in force on a day changes somebody's standing: for subscriptions and ageing.
    ///
    /// # Errors
    /// If the schemes cannot be read.
    pub async fn thresholds(&self, as_of: CivilDate) -> Result<BTreeSet<Threshold>, SchemeError> {
        Ok(self.active(as_of).await?.iter().flat_map(|scheme| scheme.thresholds()).collect())
    }

    /// A stored file, read once and kept.
    fn scheme_of(&self, conn: &mut AnyConnection, hash: &Digest) -> Result<Arc<Scheme>, SchemeError> {
        if let Some(known) = self.parsed.lock().unwrap_or_else(PoisonError::into_inner).get(hash) {
            return Ok(Arc::clone(known));
        }
        let stored = version_of_hash(conn, hash)?.ok_or(SchemeError::Unreadable(*hash))?;
        let scheme = Arc::new(Scheme::parse(&stored.body).map_err(|_| SchemeError::Unreadable(*hash))?);
        self.parsed.lock().unwrap_or_else(PoisonError::into_inner).insert(*hash, Arc::clone(&scheme));
        Ok(scheme)
    }

    /// A version by its number, with its text.
    ///
    /// # Errors
    /// `not-found`.
    pub async fn version(&self, id: &SchemeId, version: u32) -> Result<StoredVersion, SchemeError> {
        let id = id.clone();
        let found = self.db.read(move |conn| Ok::<_, SchemeError>(version_find(conn, &id, version)?)).await?;
        found.ok_or_else(|| SchemeError::refused(Code::NotFound, "no such version was handed in"))
    }

    /// The newest version of a scheme that was handed in.
    ///
    /// # Errors
    /// `not-found`.
    pub async fn newest(&self, id: &SchemeId) -> Result<StoredVersion, SchemeError> {
        let wanted = id.clone();
        let all = self.db.read(|conn| Ok::<_, SchemeError>(version_list(conn)?)).await?;
        let newest = all.into_iter().rfind(|version| version.scheme == wanted);
        newest.ok_or_else(|| SchemeError::refused(Code::NotFound, "no version of this scheme was handed in"))
    }

    /// Every version, as it stands today.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn list(&self) -> Result<Vec<Listed>, SchemeError> {
        let (this, today) = (self.clone(), self.now().civil_day());
        self.db
            .read(move |conn| {
                let orders = order_list(conn, None)?;
                version_list(conn)?.into_iter().map(|version| this.listed(conn, version, &orders, today)).collect()
            })
            .await
    }

    fn listed(
        &self,
        conn: &mut AnyConnection,
        version: StoredVersion,
        orders: &[StoredOrder],
        today: CivilDate,
    ) -> Result<Listed, SchemeError> {
        let scheme = self.scheme_of(conn, &version.hash)?;
        let own = |order: &&StoredOrder| order.hash == version.hash && order.action != SchemeAction::Withdraw;
        let last = orders.iter().rfind(own);
        let live = in_force(orders, today).any(|order| order.hash == version.hash);
        let state = match last {
            _ if live => VersionState::InForce,
            Some(order) if order.from > today => VersionState::Scheduled,
            Some(_) => VersionState::Superseded,
            None if backtest_newest(conn, &self.keys, &version.hash)?.is_some() => VersionState::BackTested,
            None => VersionState::Submitted,
        };
        let terms = match orders::open_terms(conn, &version.scheme, &version.hash)? {
            None => last.map(|order| order.terms),
            open => open,
        };
        let signed_by = terms.map(|terms| detail::signers(conn, &version.scheme, &terms)).transpose()?;
        Ok(Listed {
            version: version_of(&scheme),
            title: scheme.title.en.clone(),
            title_hi: scheme.title.hi.clone(),
            signed_by: signed_by.unwrap_or_default(),
            state,
            from: last.map(|order| order.from),
            submitted_by: version.submitted_by,
            signatures: orders::open_signatures(conn, &version.scheme, &version.hash)?,
        })
    }
}

/// The orders in force on a day: of each scheme the last one whose day has come, unless that withdrew it.
fn in_force(orders: &[StoredOrder], as_of: CivilDate) -> impl Iterator<Item = &StoredOrder> {
    let mut last: BTreeMap<&SchemeId, &StoredOrder> = BTreeMap::new();
    for order in orders.iter().filter(|order| order.from <= as_of) {
        last.insert(&order.scheme, order);
    }
    last.into_values().filter(|order| order.action != SchemeAction::Withdraw)
}

/// Id, version and hash.
fn version_of(scheme: &Scheme) -> SchemeVersion {
    SchemeVersion { id: scheme.id.clone(), version: scheme.version, hash: scheme.hash }
}

/// Reads and lints a file; no error may be left.
fn clean(text: &str) -> Result<Scheme, NotLinted> {
    let found: Lint = lint(text);
    let is_clean = found.is_clean();
    found.scheme.filter(|_| is_clean).ok_or(NotLinted(found.findings))
}
