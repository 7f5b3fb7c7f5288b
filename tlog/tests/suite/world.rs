//! Small logs and authorities that several tests use.

use std::{cell::RefCell, collections::HashMap};

use tlog::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    merkle::{Hash, InclusionProof, leaf_hash},
    note::SigningKey,
    proof::TlogProof,
    tile::{Tile, TileEdge, TileHashReader, TileId, TileReader},
    timestamp::{
        CertificateDer, CertificateSpec, DEFAULT_POLICY, TokenSerial, Tsa, TsaKey, create_root, create_tsa_certificate,
    },
};

/// A time within the validity of the test certificates: 2025-12-31.
pub const NOW: i64 = 1_767_139_200;

/// A log that keeps its tiles in memory and counts how often they are read.
#[derive(Default)]
pub struct MemoryLog {
    tiles: HashMap<TileId, Vec<u8>>,
    edge: TileEdge,
    reads: RefCell<usize>,
}

impl MemoryLog {
    pub fn of(entries: &[impl AsRef<[u8]>]) -> Self {
        let mut log = Self::default();
        log.append(entries);
        log
    }

    pub fn append(&mut self, entries: &[impl AsRef<[u8]>]) {
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry.as_ref())).collect();
        let tiles = self.edge.extend(&leaves).unwrap();
        self.tiles.extend(tiles.into_iter().map(|tile: Tile| (tile.id(), tile.into_bytes())));
    }

    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    pub fn root(&self) -> Hash {
        self.edge.root()
    }

    pub fn reads(&self) -> usize {
        *self.reads.borrow()
    }

    pub fn hashes(&self) -> TileHashReader<'_, Self> {
        TileHashReader::new(self, self.size())
    }

    pub fn checkpoint(&self, key: &SigningKey) -> SignedCheckpoint {
        let origin = key.verifying_key().name().clone();
        Checkpoint { origin, size: self.size(), root: self.root() }.sign(key).unwrap()
    }

    pub fn proof(&self, index: u64, extra: Option<Vec<u8>>, key: &SigningKey) -> TlogProof {
        let inclusion = InclusionProof::build(index, self.size(), &self.hashes()).unwrap();
        TlogProof::new(extra, index, inclusion, self.checkpoint(key)).unwrap()
    }
}

impl TileReader for MemoryLog {
    type Error = String;

    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<u8>, String> {
        *self.reads.borrow_mut() += 1;
        let id = TileId::new(level, index, width).unwrap();
        self.tiles.get(&id).cloned().ok_or_else(|| format!("{id} is not stored"))
    }
}

pub fn log_key() -> SigningKey {
    SigningKey::from_seed("anchor.example/log/2027".parse().unwrap(), &[7; 32]).unwrap()
}

/// A root, and an authority under it.
pub struct Authority {
    pub root: CertificateDer,
    pub certificate: CertificateDer,
    pub tsa: Tsa,
}

pub fn spec(common_name: &str, counter: u64) -> CertificateSpec<'_> {
    CertificateSpec {
        common_name,
        serial: TokenSerial::new([0x11; 8], counter),
        not_before_unix: NOW - 86_400,
        not_after_unix: NOW + 365 * 86_400,
    }
}

pub fn authority(seed: u8) -> Authority {
    authority_until(seed, NOW + 365 * 86_400)
}

/// An authority whose certificates end at another time.
pub fn authority_until(seed: u8, not_after_unix: i64) -> Authority {
    let until = |spec: CertificateSpec<'static>| CertificateSpec { not_after_unix, ..spec };
    let (root_key, key) = (TsaKey::from_secret(&[seed; 32]).unwrap(), TsaKey::from_secret(&[seed + 1; 32]).unwrap());
    let root = create_root(&root_key, &until(spec("Test time-stamp root", 1))).unwrap();
    let leaf = until(spec("Test time-stamp authority", 2));
    let certificate = create_tsa_certificate(&root, &root_key, &key, &leaf).unwrap();
    let tsa = Tsa::new(key, certificate.clone(), vec![], DEFAULT_POLICY.parse().unwrap(), 1).unwrap();
    Authority { root, certificate, tsa }
}
