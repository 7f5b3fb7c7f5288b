//! The identity registry's own table of whose pseudonym is whose: built once for a sector, completed when somebody unknown is
//! asked about, at most once in ten minutes.
//!
//! Guarantees: "nobody" is said only by a table that was read to its end; while one builds it, the others wait some
//! seconds, and then hear that the register is away.

use std::time::Duration;

use protocol::{consent::Refusal, seal::keyed_hash::MacKey};
use registry_adapter::{
    identity::{IdentityError, Resident, Residents},
    key::LocalKey,
};
use schemas::{
    id::{Sector, SectorSubject},
    problem::Code,
};
use service_kit::db::AnyConnection;

use crate::{
    app::App,
    store::{
        identity::resident_names::{
            resident_names_begin, resident_names_end, resident_names_insert, resident_names_renew,
            resident_names_resolve, resident_names_table,
        },
        links::LinkError,
    },
};

/// How long the turn to build lasts without another page, seconds.
const TURN: i64 = 600;

/// How often, and with what pause, somebody looks again while another builds the table: some seconds, well within a query's time.
const LOOKS: u32 = 30;
const PAUSE: Duration = Duration::from_millis(100);

const AWAY: Refusal = Refusal::new(Code::RegistryUnavailable, "the register of residents did not answer");

/// The table could not be read or built.
#[derive(Debug, thiserror::Error)]
enum ResidentsError {
    #[error(transparent)]
    Store(#[from] LinkError),
    #[error(transparent)]
    Register(#[from] IdentityError),
    #[error("there is no register of residents")]
    NoRegister,
    #[error("the table is being built")]
    Building,
}

impl App {
    /// The residents behind pseudonyms of a sector, in their order; `None` for one that is nobody's.
    pub(super) async fn residents_of(
        &self,
        sector: &Sector,
        subjects: &[SectorSubject],
    ) -> Result<Vec<Option<LocalKey>>, Refusal> {
        for _ in 0..LOOKS {
            let (app, sector, subjects) = (self.clone(), sector.clone(), subjects.to_vec());
            let work = tokio::task::spawn_blocking(move || app.find_residents(&sector, &subjects));
            match work.await.map_err(|_| AWAY)? {
                Ok(found) => return Ok(found),
                // A small table is built within the caller's time.
                Err(ResidentsError::Building) => self.clock().sleep(PAUSE).await,
                Err(error) => {
                    tracing::warn!(%error, "residents could not be found by their pseudonyms");
                    return Err(AWAY);
                }
            }
        }
        tracing::warn!("residents are asked about while the table of their pseudonyms is being built");
        Err(AWAY)
    }

    fn find_residents(
        &self,
        sector: &Sector,
        subjects: &[SectorSubject],
    ) -> Result<Vec<Option<LocalKey>>, ResidentsError> {
        let (keys, now) = (self.keys(), self.now());
        let resolve = || self.db().read_blocking(|conn| resident_names_resolve(conn, keys, sector, subjects));
        // Read before the names: what becomes complete in between is asked about once more, and never taken for nobody.
        let table = self.db().read_blocking(|conn| Ok::<_, LinkError>(resident_names_table(conn, sector, now)?))?;
        let found = resolve()?;
        let Some(key) = keys.sectors.get(sector) else { return Ok(found) };
        let settled = |app: &Self| {
            table.complete && !table.building && !app.exchange().may_complete(sector, app.clock().monotonic())
        };
        if found.iter().all(Option::is_some) || settled(self) {
            return Ok(found);
        }
        self.build_names(sector, key)?;
        Ok(resolve()?)
    }

    /// Builds the table, or completes it, if nobody else does.
    fn build_names(&self, sector: &Sector, key: &MacKey) -> Result<(), ResidentsError> {
        let residents = self.source().and_then(registry_adapter::source::Source::residents);
        let residents = residents.ok_or(ResidentsError::NoRegister)?;
        let now = self.now();
        let begin =
            |conn: &mut AnyConnection| Ok::<_, LinkError>(resident_names_begin(conn, sector, now, now.plus(TURN))?);
        if !self.db().write_blocking(begin)? {
            return Err(ResidentsError::Building);
        }
        let built = self.insert_names(sector, key, &residents);
        let complete = built.is_ok();
        self.db().write_blocking(|conn| Ok::<_, LinkError>(resident_names_end(conn, sector, complete)?))?;
        built
    }

    fn insert_names(&self, sector: &Sector, key: &MacKey, residents: &Residents) -> Result<(), ResidentsError> {
        let mut last = None;
        loop {
            let page = residents.page(last.as_ref())?;
            let Some(end) = page.last() else { return Ok(()) };
            last = Some(end.number.clone());
            let named = |resident: Resident| (key.sector_subject(resident.number.as_str()), resident.number);
            let people: Vec<_> = page.into_iter().map(named).collect();
            let until = self.now().plus(TURN);
            // A page a transaction: others may write in between, and a stop leaves pages that are right.
            self.db().write_blocking(|conn| {
                resident_names_renew(conn, sector, until)?;
                resident_names_insert(conn, self.keys(), sector, &people)
            })?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consents::testing::CitizenWorld;

    #[tokio::test(flavor = "multi_thread")]
    async fn nobody_is_unknown_until_the_table_was_read_to_its_end() {
        let world = CitizenWorld::start().await;
        let (app, sector) = (world.civil.app(), "revenue".parse::<Sector>().unwrap());
        let named = |number: &str| app.keys().sectors[&sector].sector_subject(number);
        let asked =
            async |number: &str| app.residents_of(&sector, &[named(number)]).await.map(|mut found| found.remove(0));
        let (us, of, half, now) = (app.clone(), sector.clone(), named("R-2"), app.now());
        let begun = app.db().write(move |conn| {
            resident_names_insert(conn, us.keys(), &of, &[(half, "R-2".parse().unwrap())])?;
            Ok::<_, LinkError>(resident_names_begin(conn, &of, now, now.plus(TURN))?)
        });
        assert!(begun.await.unwrap(), "another process builds it");
        assert_eq!(asked("R-2").await.unwrap().unwrap().as_str(), "R-2", "who is there, is there");
        for number in ["R-1", "R-404"] {
            assert_eq!(asked(number).await.unwrap_err().code(), Code::RegistryUnavailable, "{number}");
        }
        let of = sector.clone();
        app.db().write(move |conn| Ok::<_, LinkError>(resident_names_end(conn, &of, false)?)).await.unwrap();
        assert_eq!(asked("R-404").await.unwrap(), None, "built here, to its end");
        assert_eq!(asked("R-1").await.unwrap().unwrap().as_str(), "R-1");
        let of = sector.clone();
        let table = app.db().read(move |conn| Ok::<_, LinkError>(resident_names_table(conn, &of, now)?)).await.unwrap();
        assert!(table.complete && !table.building);
    }
}
