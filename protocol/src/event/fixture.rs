//! One death that civil registration tells social welfare about, with real keys.

use schemas::{
    event::{
        DEATH_REGISTERED, DatePrecision, DeathRegistered, Event, EventAssurance, EventBasis, EventMatch, MatchEvidence,
    },
    id::SectorSubject,
};

use super::*;
use crate::{
    exchange::Attested,
    federation::{
        VerifiedMember,
        testing::{Authority, NOW, Party, entity},
    },
    seal::{keyed_hash::MacKey, random},
    testing::name,
};

/// The source, which is the identity registry too, and one subscriber.
pub struct Scene {
    pub authority: Authority,
    pub civil: Party,
    pub social: Party,
    pub sub: SectorSubject,
}

impl Scene {
    pub fn new() -> Self {
        let (civil, social) = (Party::member("civil"), Party::member("social"));
        let sub = MacKey::generate().sector_subject("RID-0001");
        Self { authority: Authority::new(), civil, social, sub }
    }

    pub fn source(&self) -> VerifiedMember {
        let event_source = format!("event-source:{DEATH_REGISTERED}");
        self.authority.admit(&self.civil, &["identity-registry:social", &event_source])
    }

    pub fn receiver(&self) -> VerifiedMember {
        self.authority.admit(&self.social, &["consumer:social"])
    }

    pub fn signs_for_civil(&self) -> Source<'_> {
        Source { entity: &self.civil.configuration.iss, signing: &self.civil.signing }
    }

    pub fn signs_for_social(&self) -> Receiver<'_> {
        Receiver { entity: &self.social.configuration.iss, signing: &self.social.signing }
    }

    pub fn occurrence(&self, seq: u64) -> Occurrence {
        let (civil, social) = (entity("civil"), entity("social"));
        let key = self.social.encryption.public();
        Occurrence {
            kind: name(DEATH_REGISTERED),
            seq,
            subject_ref: "pseudonym-for-social".into(),
            person_seq: 1,
            effective: name("2026-11-18"),
            recorded: NOW.plus(-60),
            assurance: EventAssurance::Registered,
            case: name("D-2026-2201-0042"),
            supersedes: None,
            basis: EventBasis::Law { id: name("rbd-1969-s3a") },
            subject: NamingRegistry { entity: &civil, signing: &self.civil.signing }
                .name((&social, key), &civil, self.sub.clone(), NOW)
                .unwrap(),
            subscriber: social,
            after: None,
        }
    }

    pub fn about() -> EventMatch {
        EventMatch { name: "सुनीता साहू".into(), birth_year: Some(1966) }
    }

    pub fn death() -> DeathRegistered {
        DeathRegistered {
            registration_number: "D-2026-2201-0042".into(),
            death_date: name("2026-11-18"),
            death_date_precision: DatePrecision::Day,
            r#match: MatchEvidence { method: "resident-number".into(), score: 100 },
        }
    }

    pub fn event(&self, seq: u64) -> Attested<Event> {
        let key = self.social.encryption.public();
        self.signs_for_civil().event(self.occurrence(seq), key, &Self::about(), &Self::death(), NOW).unwrap()
    }

    pub fn accept(&self, event: &Attested<Event>) -> PeerEvent {
        accept_event(event.jws().as_str().as_bytes(), &self.source()).unwrap()
    }

    pub fn terms(&self) -> SubscriptionTerms {
        SubscriptionTerms {
            id: random::message_id(NOW),
            source: entity("civil"),
            subscriber: entity("social"),
            types: vec![name(DEATH_REGISTERED)],
            purpose: name("social.old-age-pension.payment"),
            basis: EventBasis::Law { id: name("rbd-1969-s3a") },
            profile: schemas::event::SubscriptionProfile::Minimal,
            scope: schemas::event::SubscriptionScope::Follow,
            filter: None,
            until: name("2027-11-20"),
        }
    }

    pub fn subscription(&self) -> VerifiedSubscription {
        let terms = self.terms();
        let civil = sign_subscription(&terms, &entity("civil"), &self.civil.signing, NOW).unwrap();
        let social = sign_subscription(&terms, &entity("social"), &self.social.signing, NOW).unwrap();
        let (civil, social) = (civil.jws().as_str().as_bytes(), social.jws().as_str().as_bytes());
        accept_subscription(civil, social, &self.source(), &self.receiver()).unwrap()
    }
}
