//! Real keys, consents, queries and decisions for the tests of this area.

pub mod federation;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

use protocol::{
    consent::{Claim, Grant, Refusal},
    exchange::{Attested, Evidence, PeerQuery, Provider, SealedRecord, accept},
    federation::VerifiedMember,
    seal::{certificate::TlsIdentity, envelope::KeyRing, keyed_hash::MacKey},
};
use protocol_testing::{Department, SignedConsent, World, name};
use schemas::{
    answer::{Answer, FieldValue},
    consent::ConsentTerms,
    digest::Digest,
    id::{CompactJws, MessageId},
    problem::Code,
    query::{Basis, Query},
    receipt::{Receipt, ReceiptBasis},
    time::Timestamp,
};
use service_kit::db::{Database, DatabaseUrl};
use service_kit_testing::{DatabaseWorld, postgres_migrated};

use super::journal::{Decision, Journal, Taking, Trail};
use crate::{
    keys::Keys,
    store::{MIGRATIONS, evidence::exchange_records},
};

/// Rounds of a race.
pub const ROUNDS: usize = 5;

/// The keys of a department of the world.
pub fn keys(department: &Department, now: Timestamp) -> Keys {
    let hosts = ["localhost".parse().unwrap(), "127.0.0.1".parse().unwrap()];
    Keys {
        signing: department.signing.clone(),
        encryption: vec![department.encryption.clone()],
        tls: TlsIdentity::self_signed(department.entity.as_str(), &hosts, now.plus(-86_400), now.plus(86_400)).unwrap(),
        subject_mac: department.subject_mac.clone(),
        columns: KeyRing::generate(),
        index: MacKey::generate(),
        sectors: BTreeMap::new(),
    }
}

/// Both engines, each with the gateway's tables.
pub fn databases() -> Vec<DatabaseWorld> {
    tokio::task::block_in_place(|| vec![DatabaseWorld::sqlite(&MIGRATIONS), DatabaseWorld::postgres(&MIGRATIONS)])
}

/// A new PostgreSQL database with the gateway's tables.
pub fn postgres_url() -> DatabaseUrl {
    tokio::task::block_in_place(|| postgres_migrated(&MIGRATIONS))
}

/// A provider's journal and the world around it.
pub struct Scene {
    pub world: World,
    pub keys: Keys,
    pub asker: VerifiedMember,
    /// By consent: a decision takes milliseconds in a test build.
    grants: Mutex<HashMap<Digest, Grant>>,
}

impl Scene {
    pub fn new() -> Self {
        let world = World::new();
        let keys = keys(&world.provider, world.now);
        let asker = world.authority.admit(&world.consumer);
        Self { world, keys, asker, grants: Mutex::default() }
    }

    pub fn journal(&self, database: &Database) -> Journal {
        Journal::start(self.world.provider.entity.clone(), self.keys.clone(), database.clone()).unwrap()
    }

    /// Terms without windows, to be used so often.
    pub fn terms(&self, max_uses: u32) -> ConsentTerms {
        let mut terms = self.world.terms();
        terms.frequency.max_uses = max_uses;
        terms.frequency.period = None;
        terms.frequency.uses_per_period = None;
        terms
    }

    pub fn consent(&self, max_uses: u32) -> SignedConsent {
        self.world.citizen("RID-0001").consent(&self.terms(max_uses))
    }

    /// The query as the provider accepted it.
    pub fn accepted(&self, query: &Query) -> PeerQuery {
        accept(self.world.sealed(query).as_str().as_bytes(), &self.asker).unwrap()
    }

    pub fn query(&self, consent: &SignedConsent) -> PeerQuery {
        self.accepted(&self.world.query(consent))
    }

    fn grant(&self, query: &Query) -> Grant {
        let Basis::Consent { consent, .. } = &query.basis else { panic!("a consent") };
        let mut grants = self.grants.lock().unwrap();
        let decide = || self.world.authorize(query).unwrap();
        grants.entry(Digest::of(consent.as_str())).or_insert_with(decide).clone()
    }

    /// What `App::decide` comes to for a good query, at that time.
    pub fn granted(&self, query: &PeerQuery, at: Timestamp) -> Decision {
        let grant = self.grant(query.claims());
        let evidence = Evidence {
            basis: Some(grant.receipt_basis()),
            subject: Some(grant.subject().clone()),
            status_checked: grant.status_checked(),
            directory_size: 48_213,
        };
        let rows = vec![BTreeMap::from([(name("annual_income_band"), FieldValue::Text("0-2.5 lakh".into()))])];
        let provider = Provider {
            entity: &self.world.provider.entity,
            signing: &self.keys.signing,
            subject_mac: &self.keys.subject_mac,
        };
        let sealed =
            provider.seal_record(query, self.asker.encryption_key(), &grant, grant.disclose(rows), at).unwrap();
        let Claim::Consent(claim) = grant.claim().clone() else { panic!("a consent") };
        let (issuer, consent_until) = (Some(claim.issuer.clone()), Some(at.plus(86_400)));
        let trail = Trail { evidence, issuer, consent_until, ..Trail::default() };
        Decision { outcome: Ok((sealed, Taking::Use { claim, live_until: None })), trail, at }
    }

    pub fn refused(&self, code: Code, at: Timestamp) -> Decision {
        let outcome: Result<(SealedRecord, Taking), _> = Err(Refusal::new(code, "for the test"));
        Decision { outcome, trail: Trail::default(), at }
    }

    /// The answer with its receipt, both verified.
    pub fn read(&self, answer: &CompactJws) -> (Answer, Receipt) {
        let key = self.keys.signing.public();
        let answer = Attested::<Answer>::read_own(answer, key).unwrap().into_parts().0;
        let receipt = Attested::<Receipt>::read_own(&answer.receipt, key).unwrap().into_parts().0;
        (answer, receipt)
    }

    /// The code of a signed refusal; `None` for data.
    pub fn code(&self, answer: &CompactJws) -> Option<Code> {
        let (answer, receipt) = self.read(answer);
        assert_eq!(answer.refusal.map(|refusal| refusal.code), receipt.refusal, "answer and receipt agree");
        assert_eq!(answer.data.is_some(), receipt.data.is_some());
        receipt.refusal
    }
}

/// The id of the consent in a receipt's basis.
pub fn consent_of(receipt: &Receipt) -> Option<&schemas::id::ConsentId> {
    match receipt.basis.as_ref()? {
        ReceiptBasis::Consent { id, .. } => Some(id),
        ReceiptBasis::Law { .. } => None,
    }
}

/// How many rows a table has.
pub fn count(database: &Database, table: &'static str) -> i64 {
    use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    tokio::task::block_in_place(|| {
        let mut conn = database.lend_reader().unwrap();
        sql_query(format!("SELECT COUNT(*) AS count FROM {table}")).get_result::<Count>(&mut **conn).unwrap().count
    })
}

/// Our receipt of an exchange and the other side's, by the id of the query or of either receipt.
pub async fn receipts_of(database: &Database, id: &MessageId) -> Option<(CompactJws, Option<CompactJws>)> {
    let id = id.clone();
    let found = database.read(move |conn| exchange_records(conn, &id)).await.unwrap()?;
    let receipts = found.records.into_iter().filter(|(kind, _)| *kind == tlog::entry::EntryType::ExchangeReceipt);
    let mut records = receipts.map(|(_, jws)| jws);
    Some((records.next().unwrap(), records.next()))
}
