//! When a pool asks a PostgreSQL connection whether its server is still there.
//!
//! Guarantees: a connection that answered within a second is lent without a question, for that would be a round trip more for
//! every read; once any connection of the pool has lost its server, each is asked again. Deliberately absent: opening connections.

use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use diesel::{
    Connection, PgConnection,
    connection::InstrumentationEvent,
    r2d2::R2D2Connection,
    result::{DatabaseErrorKind, Error as StatementError},
};

use super::{AnyConnection, DatabaseError, connection::Held};
use crate::clock::Clock;

/// A server that answered a connection so recently is not asked again whether it is there.
const ALIVE: Duration = Duration::from_secs(1);

/// What one pool knows of its server. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Liveness {
    /// How many statements failed as they do when the server is gone. After each, no connection is believed to live.
    failures: Arc<AtomicU64>,
}

/// A connection of a pool, and when it was last seen to live.
pub struct Pooled {
    connection: AnyConnection,
    alive: Option<Alive>,
    /// Dropped after the connection, for fields are dropped in their order.
    _held: Option<Held>,
}

/// When a connection answered (monotonic), and how many failures were known then.
#[derive(Clone, Copy, Debug)]
struct Alive {
    at: Duration,
    failures: u64,
}

impl Liveness {
    /// Hears of statements that fail on this connection because its server is gone.
    pub fn observe(&self, conn: &mut PgConnection) {
        let failures = Arc::clone(&self.failures);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if tells_of_a_lost_server(&event) {
                failures.fetch_add(1, Ordering::Relaxed);
            }
        });
    }

    /// Checks a connection before it is lent. A SQLite file needs no question.
    ///
    /// # Errors
    /// If the server does not answer; the pool then drops the connection.
    pub fn check(&self, pooled: &mut Pooled) -> Result<(), DatabaseError> {
        let AnyConnection::Postgres(conn) = &mut pooled.connection else { return Ok(()) };
        let (at, failures) = (Clock::default().monotonic(), self.failures.load(Ordering::Relaxed));
        if !pooled.alive.is_some_and(|alive| alive.failures == failures && at.saturating_sub(alive.at) < ALIVE) {
            conn.ping()?;
            pooled.alive = Some(Alive { at, failures });
        }
        Ok(())
    }
}

/// libpq reports a lost server as a closed connection, a command that could not be sent, or an error without a state.
const fn tells_of_a_lost_server(event: &InstrumentationEvent<'_>) -> bool {
    let InstrumentationEvent::FinishQuery { error: Some(StatementError::DatabaseError(kind, _)), .. } = event else {
        return false;
    };
    matches!(
        kind,
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::Unknown
    )
}

impl Pooled {
    /// A connection that nobody has asked yet.
    pub const fn new(connection: AnyConnection) -> Self {
        Self { connection, alive: None, _held: None }
    }

    /// The same, with what tells that the database is still in use.
    pub(super) const fn holding(connection: AnyConnection, held: Held) -> Self {
        Self { connection, alive: None, _held: Some(held) }
    }
}

impl std::fmt::Debug for Pooled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pooled").field("alive", &self.alive).finish_non_exhaustive()
    }
}

impl Deref for Pooled {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.connection
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }
}
