//! Whom we follow: the roll's active and held beneficiaries that are linked, told to the source as they change.
//!
//! Guarantees: a source hears of exactly those people, each with an end date; whom a decision removed stays followed until that day, so
//! that an annulment finds her; what it was told is written down only after it took it, so that a lost answer is told again. Deliberately absent: names and local numbers; pseudonyms alone leave.

use std::{collections::HashSet, time::Duration};

use protocol::event::{MAX_FOLLOWED, Receiver};
use registry_adapter::{mapping::RollId, roll::MappedRolls};
use schemas::{
    event::{FollowList, Followed},
    time::CivilDate,
};

use super::{
    TriggerError,
    error::blocking,
    outbound::{Below, post},
    subscribe,
};
use crate::{
    app::App,
    config::FollowSettings,
    store::{
        links::link_count,
        triggers::{
            follows::{
                FollowedRow, LinkIndex, followed_all, followed_delete, followed_put, followed_subjects_of,
                link_subjects_of, links_of, local_index, removed_from,
            },
            subscriptions::SubscriptionRow,
        },
    },
};

/// Media type of a follow request.
pub const FOLLOW_REQUEST: &str = "application/dx-follow+jwt";
/// The roll is compared with what the source was told at least so often.
const COMPARE: Duration = Duration::from_secs(60);
/// Who is followed for less than so many days more is told again with a later day.
const EXTEND_DAYS: i64 = 30;

/// What this process remembers of one `[[follow]]` section: a cache that may be lost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Section {
    compared: Option<Duration>,
    /// Links when the roll was compared.
    links: i64,
    /// Links at the last look: while a seeding run adds more, its end is awaited.
    seen: i64,
}

/// Subscribes where that is needed, and tells what changed.
pub(crate) async fn run(app: &App) -> Result<(), TriggerError> {
    let links = app.db().read(|conn| Ok::<_, TriggerError>(link_count(conn)?)).await?;
    let due: Vec<usize> = (0..app.config().follow.len()).filter(|section| is_due(app, *section, links)).collect();
    if due.is_empty() {
        return Ok(());
    }
    let Some(lease) = app.lease(super::FOLLOW).await? else { return Ok(()) };
    let mut first_error = None;
    for section in due {
        let (pauses, now, what) = (&app.triggers().pauses, app.clock().monotonic(), pause_name(section));
        match one(app, &app.config().follow[section]).await {
            Ok(()) => {
                pauses.succeeded(&what);
                app.triggers().sections()[section] = Section { compared: Some(now), links, seen: links };
            }
            Err(error) => {
                pauses.failed(&what, now, error.retry_after());
                first_error.get_or_insert(error);
            }
        }
        app.renew(&lease).await?;
    }
    app.release(lease).await?;
    first_error.map_or(Ok(()), Err)
}

fn pause_name(section: usize) -> String {
    format!("follow section {section}")
}

fn is_due(app: &App, section: usize, links: i64) -> bool {
    let now = app.clock().monotonic();
    let mut sections = app.triggers().sections();
    let known = &mut sections[section];
    let settled = std::mem::replace(&mut known.seen, links) == links;
    let old = known.compared.is_none_or(|at| now.saturating_sub(at) >= COMPARE);
    (old || (settled && known.links != links)) && app.triggers().pauses.over(&pause_name(section), now)
}

async fn one(app: &App, section: &FollowSettings) -> Result<(), TriggerError> {
    let subscription = subscribe::ensure(app, section).await?;
    let change = compare(app, section, &subscription).await?;
    for page in change.pages() {
        tell(app, section, &subscription, page).await?;
    }
    Ok(())
}

/// What the source has to be told.
#[derive(Clone, Debug, Default)]
struct Change {
    add: Vec<FollowedRow>,
    remove: Vec<FollowedRow>,
}

impl Change {
    /// At most so many people a request.
    fn pages(self) -> Vec<Self> {
        let add = self.add.chunks(MAX_FOLLOWED).map(|add| Self { add: add.to_vec(), remove: Vec::new() });
        let remove = self.remove.chunks(MAX_FOLLOWED).map(|remove| Self { add: Vec::new(), remove: remove.to_vec() });
        add.chain(remove).collect()
    }
}

/// The roll and the links as they stand, against what the source was told.
async fn compare(app: &App, section: &FollowSettings, subscription: &SubscriptionRow) -> Result<Change, TriggerError> {
    let (app, section, subscription) = (app.clone(), section.clone(), subscription.clone());
    blocking(move || {
        let keys = app.keys();
        let today = app.now().civil_day();
        let until = subscription.until.min(section.follow_for.after(today, 1));
        let on_roll = beneficiaries(&app, &section)?;
        app.db().read_blocking(|conn| {
            let wanted = links_of(conn, &on_roll)?;
            let told = followed_all(conn, &subscription.id)?;
            let add: Vec<LinkIndex> =
                wanted.iter().filter(|index| must_tell(told.get(*index), until, today)).cloned().collect();
            let removed = removed_from(conn, &section.roll)?;
            let stays = |index: &LinkIndex, until: CivilDate| removed.contains(index) && until >= today;
            let gone = told.into_iter().filter(|(index, until)| !wanted.contains(index) && !stays(index, *until));
            let remove: Vec<LinkIndex> = gone.map(|(index, _)| index).collect();
            let rows = |subjects: Vec<(LinkIndex, _)>| {
                subjects.into_iter().map(|(index, subject)| FollowedRow { index, subject, until }).collect()
            };
            Ok(Change {
                add: rows(link_subjects_of(conn, keys, &add)?),
                remove: rows(followed_subjects_of(conn, keys, &remove)?),
            })
        })
    })
    .await
}

/// Whether the source does not know the person, or not for long enough.
fn must_tell(told: Option<&CivilDate>, until: CivilDate, today: CivilDate) -> bool {
    let Some(told) = told else { return true };
    let soon = told.start().seconds() - today.start().seconds() < EXTEND_DAYS * 86_400;
    soon && *told < until
}

/// Keyed hashes of everybody on the roll.
fn beneficiaries(app: &App, section: &FollowSettings) -> Result<HashSet<String>, TriggerError> {
    let (rolls, roll) = roll_of(app, section)?;
    let (mut people, mut last) = (HashSet::new(), None);
    loop {
        let page = rolls.beneficiaries(&roll, last.as_ref())?;
        let Some(end) = page.last() else { return Ok(people) };
        last = Some(end.clone());
        people.extend(page.iter().map(|key| local_index(app.keys(), key.as_str())));
    }
}

/// The roll of a section; that there is one was proven at start.
pub(super) fn roll_of<'a>(app: &'a App, section: &FollowSettings) -> Result<(&'a MappedRolls, RollId), TriggerError> {
    let rolls = app.triggers().rolls.as_ref();
    rolls.zip(section.roll.parse().ok()).ok_or(TriggerError::Answer("no roll is mapped for a followed event"))
}

/// Tells the source one page, then writes down that it knows.
async fn tell(
    app: &App,
    section: &FollowSettings,
    subscription: &SubscriptionRow,
    page: Change,
) -> Result<(), TriggerError> {
    let now = app.now();
    let list = FollowList {
        add: page.add.iter().map(|row| Followed { sub: row.subject.clone(), until: row.until }).collect(),
        remove: page.remove.iter().map(|row| row.subject.clone()).collect(),
    };
    let snapshot = app.directory();
    let key = snapshot.peer(&section.source, now)?.encryption_key();
    let us = Receiver { entity: app.entity(), signing: &app.keys().signing };
    let request = us.follow(&section.source, key, &subscription.id, &list, now)?;
    post(app, &section.source, Below::Follows, FOLLOW_REQUEST, request.jws().as_str().as_bytes().to_vec()).await?;
    tracing::info!(source = %section.source, added = list.add.len(), removed = list.remove.len(), "a follow list was told");
    let (keys, id) = (app.keys().clone(), subscription.id.clone());
    app.db()
        .write(move |conn| {
            followed_put(conn, &keys, &id, &page.add)?;
            let removed: Vec<LinkIndex> = page.remove.into_iter().map(|row| row.index).collect();
            Ok::<_, TriggerError>(followed_delete(conn, &id, &removed)?)
        })
        .await
}
