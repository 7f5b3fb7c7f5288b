//! The identity registry's own table of pseudonyms: built once for a sector, completed when somebody unknown is named.
//!
//! Guarantees: only keyed hashes are stored; building again changes nothing that is there. Deliberately absent: names.

use std::time::Duration;

use schemas::{id::Sector, problem::Code};
use service_kit::db::DatabaseError;

use super::{TriggerError, error::blocking};
use crate::{
    app::App,
    store::triggers::{
        PersonIndex,
        pseudonyms::{pseudonyms_exist, pseudonyms_insert},
    },
};

/// A sector is completed at most so often, however many unknown people are named.
const AGAIN: Duration = Duration::from_secs(60);

/// Makes sure that the sector's residents are known by their pseudonyms.
pub(super) async fn build_if_empty(app: &App, sector: &Sector) -> Result<(), TriggerError> {
    let wanted = sector.clone();
    if app.db().read(move |conn| Ok::<_, DatabaseError>(pseudonyms_exist(conn, &wanted)?)).await? {
        return Ok(());
    }
    build(app, sector).await
}

/// Somebody unknown was named: looks for new residents, unless that was done a moment ago. `false`: nothing was done.
pub(super) async fn complete(app: &App, sector: &Sector) -> Result<bool, TriggerError> {
    let (pauses, now, what) = (&app.triggers().pauses, app.clock().monotonic(), format!("pseudonyms of {sector}"));
    if !pauses.over(&what, now) {
        return Ok(false);
    }
    pauses.failed(&what, now, u32::try_from(AGAIN.as_secs()).ok());
    build(app, sector).await?;
    Ok(true)
}

async fn build(app: &App, sector: &Sector) -> Result<(), TriggerError> {
    use protocol::consent::Refusal;
    let nobody = TriggerError::NotAllowed(Refusal::new(
        Code::RoleMissing,
        "this department does not name people of that sector",
    ));
    let residents = app.source().and_then(registry_adapter::source::Source::residents);
    let key = app.keys().sectors.get(sector).cloned();
    let (Some(residents), Some(key)) = (residents, key) else { return Err(nobody) };
    let (app, sector) = (app.clone(), sector.clone());
    blocking(move || {
        let keys = app.keys();
        let mut last = None;
        loop {
            let page = residents.page(last.as_ref())?;
            let Some(end) = page.last() else { return Ok(()) };
            last = Some(end.number.clone());
            let people: Vec<_> = page
                .iter()
                .map(|resident| {
                    let number = resident.number.as_str();
                    (
                        PersonIndex::of_pseudonym(keys, &key.sector_subject(number)),
                        PersonIndex::of_resident(keys, number),
                    )
                })
                .collect();
            // A page a transaction: others may write in between, and a stop leaves pages that are right.
            app.db().write_blocking(|conn| Ok::<_, DatabaseError>(pseudonyms_insert(conn, &sector, &people)?))?;
        }
    })
    .await
}
