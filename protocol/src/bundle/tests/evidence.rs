//! An anchor's log and stamps around the records of an exchange or a trigger.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemas::{
    bundle::{Bundle, BundleKind, BundledMember, BundledRecord, TrustRoot},
    event::{AppliedResult, EventResult},
    id::CompactJws,
    version::V1,
};
use tlog::{
    checkpoint::{Checkpoint, VerifiedCheckpoint},
    entry::{Entry, EntryType, RecordDigest},
    merkle::{Hash, InclusionProof, LeafHashes, leaf_hash, root_of_leaves},
    note::SigningKey,
    proof::TlogProof,
    timestamp::{
        CertificateDer, CertificateSpec, DEFAULT_POLICY, TimestampRequest, TokenSerial, Tsa, TsaKey, create_root,
        create_tsa_certificate,
    },
};

use crate::{
    event,
    exchange::{self, Attested},
    federation::{VerifiedMember, testing::NOW},
};

/// A log with its stamping authority.
pub struct Anchor {
    pub log: SigningKey,
    pub tsa: Tsa,
    pub tsa_root: CertificateDer,
}

impl Anchor {
    pub fn new(origin: &str, seed: u8) -> Self {
        let log = SigningKey::from_seed(origin.parse().unwrap(), &[seed; 32]).unwrap();
        let key = |n: u8| TsaKey::from_secret(&[seed.wrapping_add(n); 32]).unwrap();
        let spec = |common_name, serial| CertificateSpec {
            common_name,
            serial: TokenSerial::new([seed; 8], serial),
            not_before_unix: NOW.seconds() - 86_400,
            not_after_unix: NOW.seconds() + 86_400,
        };
        let tsa_root = create_root(&key(1), &spec("Stamping root", 1)).unwrap();
        let certificate = create_tsa_certificate(&tsa_root, &key(1), &key(2), &spec("Stamps", 2)).unwrap();
        let tsa = Tsa::new(key(2), certificate, vec![], DEFAULT_POLICY.parse().unwrap(), 1).unwrap();
        Self { log, tsa, tsa_root }
    }

    pub fn stamp(&self, note: &str, seconds: i64) -> String {
        let request = TimestampRequest::for_message(note.as_bytes(), None).unwrap();
        let serial = TokenSerial::new([1; 8], 1);
        let response = self.tsa.stamp(&request, NOW.seconds() + seconds, &serial).unwrap();
        STANDARD.encode(response.as_der())
    }
}

/// What was logged: entries among others, under one checkpoint.
pub struct Tree {
    pub entries: Vec<Entry>,
    leaves: Vec<Hash>,
    pub checkpoint: VerifiedCheckpoint,
}

impl Tree {
    /// Ten strangers' entries around ours, received half a second after they were signed.
    pub fn of(anchor: &Anchor, records: &[&CompactJws], entry_type: EntryType) -> Self {
        let received_ms = u64::try_from(NOW.seconds()).unwrap() * 1000 + 500;
        let entry = |bytes: &[u8]| Entry { entry_type, received_ms, digest: RecordDigest::of(bytes) };
        let mut entries: Vec<_> = (0..5_u8).map(|n| entry(&[n])).collect();
        entries.extend(records.iter().map(|jws| entry(jws.as_str().as_bytes())));
        entries.extend((5..10_u8).map(|n| entry(&[n])));
        Self::signed(anchor, entries)
    }

    pub fn signed(anchor: &Anchor, entries: Vec<Entry>) -> Self {
        let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(&entry.to_bytes())).collect();
        let origin = anchor.log.verifying_key().name().clone();
        let head = Checkpoint { origin, size: leaves.len() as u64, root: root_of_leaves(&leaves) };
        let checkpoint = head.sign(&anchor.log).unwrap().verify(anchor.log.verifying_key()).unwrap();
        Self { entries, leaves, checkpoint }
    }

    pub fn note(&self) -> String {
        self.checkpoint.log_note().to_string()
    }

    pub fn proof(&self, index: u64) -> String {
        let inclusion = InclusionProof::build(index, self.leaves.len() as u64, &LeafHashes(&self.leaves)).unwrap();
        let extra = self.entries[usize::try_from(index).unwrap()].extra().to_vec();
        TlogProof::new(Some(extra), index, inclusion, self.checkpoint.signed().clone()).unwrap().to_string()
    }

    /// A record at its index, stamped a second after it was received.
    pub fn bundled(&self, anchor: &Anchor, jws: &CompactJws) -> BundledRecord {
        let digest = RecordDigest::of(jws.as_str().as_bytes());
        let index = self.entries.iter().position(|entry| entry.digest == digest).unwrap() as u64;
        BundledRecord {
            jws: jws.clone(),
            proof: Some(self.proof(index)),
            timestamps: vec![anchor.stamp(&self.note(), 1)],
        }
    }
}

pub fn chain_of(member: &VerifiedMember) -> BundledMember {
    BundledMember { entity: member.entity().clone(), chain: member.chain().to_vec() }
}

/// A pinned root for an authority and an anchor.
pub fn root(of: &TrustRoot, anchor: &Anchor) -> TrustRoot {
    TrustRoot {
        log_vkey: anchor.log.verifying_key().to_string(),
        tsa_root: STANDARD.encode(anchor.tsa_root.as_bytes()),
        ..of.clone()
    }
}

pub const ORIGIN: &str = "anchor.gov.example/log/2026";

/// A whole exchange with its evidence.
pub struct Exchange {
    pub scene: exchange::fixture::Scene,
    pub anchor: Anchor,
    pub provider: Attested<schemas::receipt::Receipt>,
    pub consumer: Attested<schemas::receipt::Receipt>,
    pub root: TrustRoot,
}

impl Exchange {
    pub fn new() -> Self {
        let scene = exchange::fixture::Scene::new();
        let anchor = Anchor::new(ORIGIN, 7);
        let query = scene.ask();
        let answer = scene.answer(&scene.accept(&query));
        let consumer = scene.receipt(&query, &answer);
        let root = root(&scene.authority.root, &anchor);
        Self { provider: answer.receipt, consumer, root, anchor, scene }
    }

    pub fn members(&self) -> Vec<BundledMember> {
        vec![chain_of(&self.scene.provider()), chain_of(&self.scene.consumer())]
    }

    /// Any two receipts, logged together and stamped.
    pub fn bundle_of(&self, records: &[&CompactJws]) -> Bundle {
        let tree = Tree::of(&self.anchor, records, EntryType::ExchangeReceipt);
        let records = records.iter().map(|jws| tree.bundled(&self.anchor, jws)).collect();
        Bundle { v: V1, kind: BundleKind::Exchange, records, members: self.members(), registers: vec![] }
    }

    pub fn bundle(&self) -> Bundle {
        self.bundle_of(&[self.provider.jws(), self.consumer.jws()])
    }
}

/// A whole trigger with its evidence.
pub struct Trigger {
    pub scene: event::fixture::Scene,
    pub anchor: Anchor,
    pub event: Attested<schemas::event::Event>,
    pub ack: Attested<schemas::event::EventAck>,
    pub applied: Attested<schemas::event::EventApplied>,
    pub root: TrustRoot,
}

impl Trigger {
    pub fn new() -> Self {
        let scene = event::fixture::Scene::new();
        let anchor = Anchor::new(ORIGIN, 9);
        let event = scene.event(1);
        let peer = scene.accept(&event);
        let ack = scene.signs_for_social().acknowledge(&peer, Ok(EventResult::Received), 1, NOW).unwrap();
        let applied = scene.signs_for_social().applied(&peer, AppliedResult::Settled, NOW).unwrap();
        let root = root(&scene.authority.root, &anchor);
        Self { event, ack, applied, root, anchor, scene }
    }

    pub fn bundle_of(&self, records: &[&CompactJws]) -> Bundle {
        let tree = Tree::of(&self.anchor, records, EntryType::Trigger);
        let records = records.iter().map(|jws| tree.bundled(&self.anchor, jws)).collect();
        let members = vec![chain_of(&self.scene.source()), chain_of(&self.scene.receiver())];
        Bundle { v: V1, kind: BundleKind::Trigger, records, members, registers: vec![] }
    }

    pub fn bundle(&self) -> Bundle {
        self.bundle_of(&[self.event.jws(), self.ack.jws(), self.applied.jws()])
    }
}

pub fn written(bundle: &Bundle) -> Vec<u8> {
    serde_json::to_vec(bundle).unwrap()
}
