//! The identity registry's own table of whose pseudonym is whose: built once for a sector, completed when somebody unknown is
//! asked about, at most once in ten minutes.

use protocol::consent::Refusal;
use registry_adapter::{identity::IdentityError, key::LocalKey};
use schemas::{
    id::{Sector, SectorSubject},
    problem::Code,
};

use crate::{
    app::App,
    store::{
        identity::resident_names::{resident_names_exist, resident_names_insert, resident_names_resolve},
        links::LinkError,
    },
};

const AWAY: Refusal = Refusal::new(Code::RegistryUnavailable, "the register of residents did not answer");

/// The table could not be read or built.
#[derive(Debug, thiserror::Error)]
enum ResidentsError {
    #[error(transparent)]
    Store(#[from] LinkError),
    #[error(transparent)]
    Register(#[from] IdentityError),
}

impl App {
    /// The residents behind pseudonyms of a sector, in their order; `None` for one that is nobody's.
    pub(super) async fn residents_of(
        &self,
        sector: &Sector,
        subjects: &[SectorSubject],
    ) -> Result<Vec<Option<LocalKey>>, Refusal> {
        let (app, sector, subjects) = (self.clone(), sector.clone(), subjects.to_vec());
        let work = tokio::task::spawn_blocking(move || app.find_residents(&sector, &subjects));
        work.await.map_err(|_| AWAY)?.map_err(|error| {
            tracing::warn!(%error, "residents could not be found by their pseudonyms");
            AWAY
        })
    }

    fn find_residents(
        &self,
        sector: &Sector,
        subjects: &[SectorSubject],
    ) -> Result<Vec<Option<LocalKey>>, ResidentsError> {
        let keys = self.keys();
        let resolve = || self.db().read_blocking(|conn| resident_names_resolve(conn, keys, sector, subjects));
        let wanted = sector.clone();
        let exist = self.db().read_blocking(move |conn| Ok::<_, LinkError>(resident_names_exist(conn, &wanted)?))?;
        if !exist {
            self.build_names(sector)?;
            return Ok(resolve()?);
        }
        let found = resolve()?;
        if found.iter().all(Option::is_some) || !self.exchange().may_complete(sector, self.clock().monotonic()) {
            return Ok(found);
        }
        self.build_names(sector)?;
        Ok(resolve()?)
    }

    fn build_names(&self, sector: &Sector) -> Result<(), ResidentsError> {
        let residents = self.source().and_then(registry_adapter::source::Source::residents);
        let (Some(residents), Some(key)) = (residents, self.keys().sectors.get(sector)) else { return Ok(()) };
        let mut last = None;
        loop {
            let page = residents.page(last.as_ref())?;
            let Some(end) = page.last() else { return Ok(()) };
            last = Some(end.number.clone());
            let named = |resident: registry_adapter::identity::Resident| {
                (key.sector_subject(resident.number.as_str()), resident.number)
            };
            let people: Vec<_> = page.into_iter().map(named).collect();
            // A page a transaction: others may write in between, and a stop leaves pages that are right.
            self.db().write_blocking(|conn| resident_names_insert(conn, self.keys(), sector, &people))?;
        }
    }
}
