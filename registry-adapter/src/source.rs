//! A department's database behind its mapping: opened, compared, proven, then read.
//!
//! Guarantees: [`Source::open`] gives a source only after the mapping was bound to what the reader's role sees and that
//! role was seen to fail at writing. A read waits at most 5 seconds, on the blocking pool, and at most as many reads
//! run as there are connections, so that a slow source holds nobody else up.
//! Deliberately absent: creating anything in the department's database (`install`).

use std::{path::PathBuf, sync::Arc, time::Duration};

use protocol::{consent::Grant, seal::keyed_hash::MacKey};
use schemas::federation::DatasetDescription;
use service_kit::db::{AnyConnection, DatabaseError, DatabaseUrl};
use tokio::sync::Semaphore;

use crate::{
    catalogue::{self, Catalogue, Engine},
    changes::ChangeFeed,
    connection::{Connections, Connector, Role, engine},
    guardians::Guardians,
    identity::Residents,
    key::LocalKey,
    mapping::{Mapping, MappingError, MappingFile, RollId},
    matching::Matcher,
    postgres,
    registry::{Fetching, ProofError, Reading, Registry, RegistryError, Rows, read},
    roll::{MappedRolls, roster::Roster},
    sqlite,
    statement_log::StatementLog,
};

/// How long a read may take in all (security design, "Limits and time-outs").
pub const READ_DEADLINE: Duration = Duration::from_secs(5);

/// Where a department's data is and how it is read.
#[derive(Clone, Debug)]
pub struct SourceOptions {
    /// The mapping file.
    pub mapping: PathBuf,
    /// The database as the reader's role. A SQLite file is opened read-only.
    pub reader: DatabaseUrl,
    /// The database as the writer's role, where rolls or changes are mapped.
    pub writer: Option<DatabaseUrl>,
    /// SQLite: where the source's statements are logged; PostgreSQL keeps its own log.
    pub statement_log: Option<StatementLog>,
    /// Reads at a time.
    pub connections: u32,
}

/// Why a source could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The mapping is wrong.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// A role is not what it must be.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The database does not answer.
    #[error(
        "the department's database {url} cannot be opened; mend: check that it exists, its address and the role's rights"
    )]
    Database {
        /// Its address, without a password.
        url: String,
        /// What it said.
        #[source]
        source: DatabaseError,
    },
    /// Rolls or changes are mapped and no writer is configured.
    #[error("the mapping names {what}, which needs the writer's role; mend: configure its connection")]
    NoWriter {
        /// What needs it.
        what: &'static str,
    },
    /// Our own tables are not there.
    #[error("{what} is not installed in the department's database; mend: let its owner run the installation once")]
    NotInstalled {
        /// Which table.
        what: &'static str,
    },
}

impl OpenError {
    pub(crate) fn database(url: &DatabaseUrl, source: impl Into<DatabaseError>) -> Self {
        Self::Database { url: url.to_string(), source: source.into() }
    }
}

/// A department's database behind its mapping. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Source(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: SourceOptions,
    catalogue: Catalogue,
    mapping: Arc<Mapping>,
    readers: Connections,
    reads: Arc<Semaphore>,
}

impl Source {
    /// Opens, compares, proves. Blocks: call it at start or on the blocking pool.
    ///
    /// # Errors
    /// If the mapping is wrong, the database does not answer, or the reader's role can write.
    pub fn open(options: SourceOptions) -> Result<Self, OpenError> {
        let file = MappingFile::read(&options.mapping)?;
        let url = options.reader.clone();
        let failed = |error: DatabaseError| OpenError::database(&url, error);
        let reader = Connector::new(&url, Role::Reader, None);
        let catalogue = catalogue::read(&mut reader.establish().map_err(failed)?).map_err(|e| failed(e.into()))?;
        let mapping = Arc::new(file.bind(&catalogue)?);
        prove_unwritable(&url, &catalogue)?;
        let size = options.connections.max(1);
        let logged = Connector::new(&url, Role::Reader, options.statement_log.clone());
        let readers = logged.pool(size).map_err(failed)?;
        let reads = Arc::new(Semaphore::new(readers.size() as usize));
        Ok(Self(Arc::new(Inner { options, catalogue, mapping, readers, reads })))
    }

    /// The mapping, bound.
    pub fn mapping(&self) -> &Mapping {
        &self.0.mapping
    }

    /// Which engine keeps the data.
    pub fn engine(&self) -> Engine {
        self.0.catalogue.engine
    }

    /// The residents of an identity registry; `None` where the mapping has no `[identity]`.
    pub fn residents(&self) -> Option<Residents> {
        Some(Residents::new(self.0.mapping.identity.clone()?, self.0.readers.clone()))
    }

    /// Who decides for whom, at an identity registry; `None` where the mapping has no `[guardians]`.
    pub fn guardians(&self) -> Option<Guardians> {
        Some(Guardians::new(self.0.mapping.guardians.clone()?, self.0.readers.clone()))
    }

    /// One matcher for each `[[matching]]`, in the order of the file.
    pub fn matchers(&self) -> Vec<Matcher> {
        let one = |table| Matcher::new(Arc::clone(table), self.engine(), self.0.readers.clone());
        self.0.mapping.matching.iter().map(one).collect()
    }

    /// The mapped rolls, through the writer's role; row digests are keyed with `key`.
    ///
    /// # Errors
    /// If there is no writer, its role can do more than it should, or the journal is not installed.
    pub fn rolls(&self, key: MacKey) -> Result<MappedRolls, OpenError> {
        MappedRolls::open(Arc::clone(&self.0.mapping), self.writer("a roll")?, key)
    }

    /// The rows of a mapped roll, through the reader's role; `None` where it is not mapped.
    pub fn roster(&self, roll: &RollId) -> Option<Roster> {
        let found = self.0.mapping.rolls.iter().find(|mapped| mapped.id == *roll)?;
        Some(Roster::new(Arc::clone(found), self.0.readers.clone()))
    }

    /// New rows of the mapped change tables; `None` where none is mapped.
    ///
    /// # Errors
    /// If there is no writer or the outbox is not installed.
    pub fn changes(&self) -> Result<Option<ChangeFeed>, OpenError> {
        if self.0.mapping.changes.is_empty() {
            return Ok(None);
        }
        ChangeFeed::open(Arc::clone(&self.0.mapping), self.writer("a change")?).map(Some)
    }

    fn writer(&self, what: &'static str) -> Result<&DatabaseUrl, OpenError> {
        self.0.options.writer.as_ref().ok_or(OpenError::NoWriter { what })
    }

    /// Runs a read on the blocking pool, within the deadline, as one of so many at a time.
    async fn read_within_deadline(&self, reading: Reading, key: LocalKey) -> Result<Option<Rows>, RegistryError> {
        let (inner, reads) = (Arc::clone(&self.0), Arc::clone(&self.0.reads));
        let work = async move {
            // Held by the blocking work itself: a read that outlives its caller still counts.
            let permit = reads.acquire_owned().await.map_err(|_| RegistryError::DeadlinePassed)?;
            let done = tokio::task::spawn_blocking(move || {
                let _permit = permit;
                let mut conn = inner.readers.lend().map_err(RegistryError::Database)?;
                read(&mut conn, &inner.mapping, &reading, &key)
            });
            done.await.unwrap_or_else(|stopped| match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(RegistryError::DeadlinePassed),
            })
        };
        tokio::time::timeout(READ_DEADLINE, work).await.unwrap_or(Err(RegistryError::DeadlinePassed))
    }
}

impl Registry for Source {
    fn fetch<'a>(&'a self, grant: &'a Grant, key: &'a LocalKey) -> Fetching<'a> {
        let reading = Reading { dataset: grant.dataset().clone(), fields: grant.reads(), range: grant.data_range() };
        let read = self.read_within_deadline(reading, key.clone());
        // Values that were only asked about end here.
        Box::pin(async move { Ok(read.await?.map(|rows| grant.disclose(rows))) })
    }

    fn describe(&self) -> Vec<DatasetDescription> {
        self.0.mapping.describe()
    }

    fn prove_unwritable(&self) -> Result<(), ProofError> {
        prove_unwritable(&self.0.options.reader, &self.0.catalogue)
    }
}

/// The proof runs on a connection of its own, opened as the reader's are, but without the settings that would only make
/// this process refuse.
fn prove_unwritable(url: &DatabaseUrl, catalogue: &Catalogue) -> Result<(), ProofError> {
    let mut conn = Connector::new(url, Role::Prober, None).establish().map_err(ProofError::Unclear)?;
    prove_connection_unwritable(&mut conn, catalogue)
}

pub(crate) fn prove_connection_unwritable(conn: &mut AnyConnection, catalogue: &Catalogue) -> Result<(), ProofError> {
    match engine(conn) {
        Engine::Sqlite => sqlite::prove_unwritable(conn, catalogue),
        Engine::Postgres => postgres::prove_unwritable(conn, catalogue),
    }
}

#[cfg(test)]
mod tests;
