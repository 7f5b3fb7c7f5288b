//! One happening, told to each subscriber that follows the person.
//!
//! Guarantees: only a subscription in force, under a law that is registered still, is served; the person is named by the
//! subscriber's own pseudonym alone; each event is signed once, here. Deliberately absent: deciding what happened.

use std::collections::BTreeSet;

use protocol::{
    event::{NamingRegistry, Occurrence, Source},
    federation::VerifiedMember,
};
use registry_adapter::{changes::Content, identity::Resident, key::LocalKey};
use schemas::{
    answer::FieldValue,
    event::{DatePrecision, DeathRegistered, EventAssurance, EventBasis, EventMatch, MatchEvidence},
    id::{CaseId, EventType},
    problem::Code,
    time::{CivilDate, Timestamp},
};
use service_kit::db::AnyConnection;
use tlog::entry::EntryType;

use super::TriggerError;
use crate::{
    app::App,
    store::{
        outbox::outbox_insert,
        triggers::{
            PersonIndex,
            feeds::{FeedEvent, feed_event_insert, feed_next, feed_person_count},
            subscriptions::{SubscriptionRow, subscriptions_following},
        },
    },
};

/// A death as the register holds it. Personal data.
pub(super) struct Happening {
    pub kind: EventType,
    pub row_key: LocalKey,
    pub subject: LocalKey,
    pub recorded: Timestamp,
    pub effective: CivilDate,
    pub about: EventMatch,
    pub death: DeathRegistered,
}

/// The payload of a registered death from the mapped members; `None` if one is missing or of another form.
pub(super) fn death(content: &Content) -> Option<DeathRegistered> {
    let text = |member: &str| match content.payload.get(member) {
        Some(FieldValue::Text(text)) => Some(text.clone()),
        Some(FieldValue::Integer(number)) => Some(number.to_string()),
        _ => None,
    };
    let precision = match text("death_date_precision").as_deref() {
        None | Some("day") => DatePrecision::Day,
        Some("month") => DatePrecision::Month,
        Some("year") => DatePrecision::Year,
        Some(_) => return None,
    };
    Some(DeathRegistered {
        registration_number: text("registration_number")?,
        death_date: text("death_date").map_or(Some(content.effective), |day| day.parse().ok())?,
        death_date_precision: precision,
        // The register's own row names its resident by number.
        r#match: MatchEvidence { method: "resident-number".to_owned(), score: 100 },
    })
}

/// Name and birth year, where the register knows them.
pub(super) fn about(resident: Option<&Resident>) -> EventMatch {
    let name = |resident: &Resident| match &resident.family_name {
        Some(family) => format!("{} {family}", resident.given_name),
        None => resident.given_name.clone(),
    };
    EventMatch {
        name: resident.map(name).unwrap_or_default(),
        birth_year: resident.and_then(|resident| resident.birth_date.year()),
    }
}

/// Signs and stores one event for each subscriber that follows the person; returns how many.
pub(super) fn tell_all(
    app: &App,
    conn: &mut AnyConnection,
    happening: &Happening,
    person: &PersonIndex,
) -> Result<usize, TriggerError> {
    let (directory, now) = (app.directory(), app.now());
    let today = now.civil_day();
    let mut told = BTreeSet::new();
    for subscription in subscriptions_following(conn, person, today)? {
        let covered = subscription.in_force(today) && subscription.types.contains(&happening.kind);
        if !covered || told.contains(&subscription.peer) {
            continue;
        }
        // An outdated directory stops the pass and the change stays pending; a law that ended stops this subscription.
        let Some(_law) = directory.law(&subscription.law, now)? else {
            tracing::warn!(peer = %subscription.peer, law = %subscription.law, "a law is not in force; the subscriber is not told");
            continue;
        };
        let Some(subscriber) = directory.members().member(&subscription.peer) else {
            tracing::error!(peer = %subscription.peer, "a subscriber is no member any more and is not told");
            continue;
        };
        tell_one(app, conn, happening, person, &subscription, subscriber)?;
        told.insert(subscription.peer);
    }
    Ok(told.len())
}

fn tell_one(
    app: &App,
    conn: &mut AnyConnection,
    happening: &Happening,
    person: &PersonIndex,
    subscription: &SubscriptionRow,
    subscriber: &VerifiedMember,
) -> Result<(), TriggerError> {
    use protocol::consent::Refusal;
    let (keys, us, peer) = (app.keys(), app.entity(), &subscription.peer);
    let not_ours = Refusal::new(Code::RoleMissing, "we do not name people of the subscriber's sector");
    let sector = keys.sectors.get(subscriber.sector()).ok_or(not_ours)?;
    let (receiver, resident) = (subscriber.encryption_key(), happening.subject.as_str());
    let seq = feed_next(conn, peer)?;
    let occurrence = Occurrence {
        subscriber: peer.clone(),
        kind: happening.kind.clone(),
        seq,
        subject_ref: keys
            .index
            .hash(&[b"subject-ref\0", peer.as_str().as_bytes(), b"\0", resident.as_bytes()])
            .to_string(),
        person_seq: feed_person_count(conn, peer, person)?.saturating_add(1),
        effective: happening.effective,
        recorded: happening.recorded,
        assurance: EventAssurance::Registered,
        case: case(app, happening)?,
        supersedes: None,
        basis: EventBasis::Law { id: subscription.law.clone() },
        subject: NamingRegistry { entity: us, signing: &keys.signing }.name(
            (peer, receiver),
            us,
            sector.sector_subject(resident),
            app.now(),
        )?,
    };
    let source = Source { entity: us, signing: &keys.signing };
    let event = source.event(occurrence, receiver, &happening.about, &happening.death, app.now())?;
    let (stored, now_ms) = (FeedEvent { seq, jti: event.claims().jti.clone(), jws: event.jws().clone() }, app.now_ms());
    feed_event_insert(conn, peer, &stored, person, now_ms)?;
    Ok(outbox_insert(conn, &[(EntryType::Trigger, event.digest())], now_ms)?)
}

/// Joins everything that follows from one registration, without telling its number.
fn case(app: &App, happening: &Happening) -> Result<CaseId, TriggerError> {
    let number = happening.death.registration_number.as_bytes();
    let hash = app.keys().index.hash(&[b"case\0", happening.kind.as_str().as_bytes(), b"\0", number]);
    hash.to_string().parse().map_err(|_| TriggerError::Answer("a keyed hash is no case id"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use registry_adapter::identity::BirthDate;

    use super::*;

    fn row(members: &[(&str, FieldValue)]) -> Content {
        let payload: BTreeMap<String, FieldValue> =
            members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Content { effective: "2026-11-18".parse().unwrap(), payload }
    }

    fn text(text: &str) -> FieldValue {
        FieldValue::Text(text.to_owned())
    }

    #[test]
    fn a_row_becomes_a_death_if_it_holds_what_a_death_must() {
        let number = ("registration_number", text("D-1"));
        let whole = row(&[number.clone(), ("death_date", text("2026-11-17")), ("death_date_precision", text("month"))]);
        let death_of_whole = death(&whole).unwrap();
        assert_eq!(
            (death_of_whole.death_date.to_string(), death_of_whole.death_date_precision),
            ("2026-11-17".to_owned(), DatePrecision::Month)
        );
        let short = death(&row(std::slice::from_ref(&number))).unwrap();
        assert_eq!(
            (short.death_date.to_string(), short.death_date_precision),
            ("2026-11-18".to_owned(), DatePrecision::Day)
        );
        assert_eq!(death(&row(&[("registration_number", FieldValue::Integer(7))])).unwrap().registration_number, "7");
        let unfit = [
            row(&[]),
            row(&[("registration_number", FieldValue::Missing)]),
            row(&[number.clone(), ("death_date", text("in winter"))]),
            row(&[number, ("death_date_precision", text("about"))]),
        ];
        for content in unfit {
            assert!(death(&content).is_none(), "{:?}", content.payload);
        }
    }

    #[test]
    fn what_helps_to_match_is_name_and_year_and_never_the_birth_date() {
        let resident = Resident {
            number: "R-1".parse().unwrap(),
            given_name: "Sushila".to_owned(),
            family_name: Some("Sahu".to_owned()),
            birth_date: BirthDate::Day("1954-02-28".parse().unwrap()),
            district: None,
            alive: false,
        };
        let shown = serde_json::to_string(&about(Some(&resident))).unwrap();
        assert!(shown.contains("Sushila Sahu") && shown.contains("1954") && !shown.contains("02-28"), "{shown}");
        let budhram = Resident { family_name: None, birth_date: BirthDate::Unknown, ..resident };
        assert_eq!(about(Some(&budhram)), EventMatch { name: "Sushila".to_owned(), birth_year: None });
        assert_eq!(about(None), EventMatch { name: String::new(), birth_year: None });
    }
}
