//! Property tests against three other implementations: `tlog_tiles`, `ct-merkle`, `signed_note`.

use ct_merkle::digest::{self, FixedOutput, HashMarker, OutputSizeUser, Update};
use proptest::prelude::*;
use sha2::Digest as _;
use tlog::{
    merkle::{ConsistencyProof, Hash, HashReader, InclusionProof, NodeId, leaf_hash, tree_root},
    note::{SignedNote, SigningKey, VerifyingKey},
    tile::{TileId, tiles_between},
};

use crate::world::MemoryLog;

/// SHA-256 for `ct-merkle`, which wants a newer generation of the hash traits.
#[derive(Clone, Default)]
struct OracleSha256(sha2::Sha256);

impl HashMarker for OracleSha256 {}

impl OutputSizeUser for OracleSha256 {
    type OutputSize = digest::typenum::U32;
}

impl Update for OracleSha256 {
    fn update(&mut self, data: &[u8]) {
        sha2::Digest::update(&mut self.0, data);
    }
}

impl FixedOutput for OracleSha256 {
    fn finalize_into(self, out: &mut digest::Output<Self>) {
        out.copy_from_slice(&self.0.finalize());
    }
}

/// Our tiles as the stored hashes of `tlog_tiles`.
struct OracleReader<'a>(&'a MemoryLog);

impl tlog_tiles::HashReader for OracleReader<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let read = |index: &u64| {
            let (level, index) = tlog_tiles::split_stored_hash_index(*index);
            oracle(&self.0.hashes().node(NodeId { level, index }).unwrap())
        };
        Ok(indexes.iter().map(read).collect())
    }
}

fn oracle(hash: &Hash) -> tlog_tiles::Hash {
    tlog_tiles::Hash(*hash.as_bytes())
}

fn oracles(hashes: &[Hash]) -> Vec<tlog_tiles::Hash> {
    hashes.iter().map(oracle).collect()
}

fn entries(count: u64) -> Vec<Vec<u8>> {
    (0..count).map(|i| i.to_be_bytes()[..(i % 9) as usize].to_vec()).collect()
}

fn ct_tree(entries: &[Vec<u8>]) -> ct_merkle::mem_backed_tree::MemoryBackedTree<OracleSha256, Vec<u8>> {
    let mut tree = ct_merkle::mem_backed_tree::MemoryBackedTree::new();
    entries.iter().for_each(|entry| tree.push(entry.clone()));
    tree
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn roots_and_proofs_are_those_of_tlog_tiles(size in 1..2_000_u64, old in any::<u64>(), index in any::<u64>()) {
        let (old, index) = (1 + old % size, index % size);
        let entries = entries(size);
        let log = MemoryLog::of(&entries);
        let reader = OracleReader(&log);
        let root = oracle(&log.root());
        prop_assert_eq!(tlog_tiles::tree_hash(size, &reader).unwrap(), root);
        prop_assert_eq!(tree_root(size, &log.hashes()).unwrap(), log.root());

        let inclusion = InclusionProof::build(index, size, &log.hashes()).unwrap();
        prop_assert_eq!(tlog_tiles::prove_record(size, index, &reader).unwrap(), oracles(inclusion.hashes()));
        let leaf = tlog_tiles::record_hash(&entries[index as usize]);
        prop_assert!(tlog_tiles::check_record(&oracles(inclusion.hashes()), size, root, index, leaf).is_ok());

        let consistency = ConsistencyProof::build(old, size, &log.hashes()).unwrap();
        let old_root = MemoryLog::of(&entries[..old as usize]).root();
        prop_assert_eq!(tlog_tiles::prove_tree(size, old, &reader).unwrap(), oracles(consistency.hashes()));
        prop_assert_eq!(consistency.verify(old, &old_root, size, &log.root()), Ok(()));
    }

    #[test]
    fn roots_and_proofs_are_those_of_ct_merkle(size in 1..600_usize, old in any::<usize>(), index in any::<usize>()) {
        let (old, index) = (1 + old % size, index % size);
        let entries = entries(size as u64);
        let (log, tree) = (MemoryLog::of(&entries), ct_tree(&entries));
        let root = tree.root();
        prop_assert_eq!(Hash::from_slice(root.as_bytes()), Some(log.root()));

        let theirs = tree.prove_inclusion(index);
        let hashes: Vec<_> = theirs.as_bytes().chunks(32).map(|hash| Hash::from_slice(hash).unwrap()).collect();
        let ours = InclusionProof::from_hashes(hashes);
        prop_assert_eq!(ours.verify(&leaf_hash(&entries[index]), index as u64, size as u64, &log.root()), Ok(()));
        prop_assert_eq!(InclusionProof::build(index as u64, size as u64, &log.hashes()).unwrap(), ours);

        let theirs = tree.prove_consistency(size - old);
        let hashes: Vec<_> = theirs.as_bytes().chunks(32).map(|hash| Hash::from_slice(hash).unwrap()).collect();
        let ours = ConsistencyProof::build(old as u64, size as u64, &log.hashes()).unwrap();
        prop_assert_eq!(ours.hashes(), &hashes[..]);
    }

    #[test]
    fn tiles_and_their_paths_are_those_of_tlog_tiles(old in 0..200_000_u64, more in 0..3_000_u64, far in 0..(1_u64 << 40)) {
        for (old, new) in [(old, old + more), (far, far + more)] {
            let theirs = tlog_tiles::Tile::new_tiles(8, old, new);
            // Theirs name the tile height, which C2SP fixes at 8 and leaves out.
            let mut theirs: Vec<_> = theirs.iter().map(|tile| tile.path().replacen("tile/8/", "tile/", 1)).collect();
            let mut ours: Vec<_> = tiles_between(old, new).iter().map(TileId::to_string).collect();
            theirs.sort();
            ours.sort();
            prop_assert_eq!(&ours, &theirs);
            for path in ours {
                prop_assert_eq!(path.parse::<TileId>().unwrap().to_string(), path);
            }
        }
    }

    #[test]
    fn a_log_grown_in_any_steps_is_the_log_grown_at_once(steps in prop::collection::vec(0..700_usize, 1..8)) {
        let total: usize = steps.iter().sum();
        let entries = entries(total as u64);
        let (mut log, mut at) = (MemoryLog::default(), 0);
        for step in steps {
            let (old_root, old) = (log.root(), log.size());
            log.append(&entries[at..at + step]);
            at += step;
            let proof = ConsistencyProof::build(old, log.size(), &log.hashes()).unwrap();
            prop_assert_eq!(proof.verify(old, &old_root, log.size(), &log.root()), Ok(()));
        }
        prop_assert_eq!(log.root(), MemoryLog::of(&entries).root());
    }

    #[test]
    fn signed_note_verifies_our_notes_and_we_verify_theirs(seed in any::<[u8; 32]>(), lines in "[ -~éन]{0,40}\n([ -~]{0,30}\n){0,4}") {
        let ours = SigningKey::from_seed("a.example/log".parse().unwrap(), &seed).unwrap();
        let theirs = signed_note::StandardSigner::new(&ours.to_skey().unwrap()).unwrap();
        let verifier = signed_note::StandardVerifier::new(&ours.verifying_key().to_string()).unwrap();

        let note = SignedNote::sign(&lines, &ours).unwrap().to_string();
        let read = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
        prop_assert!(read.verify(&signed_note::VerifierList::new(vec![Box::new(verifier)])).is_ok());

        let mut other = signed_note::Note::new(lines.as_bytes(), &[]).unwrap();
        other.add_sigs(&[&theirs]).unwrap();
        prop_assert_eq!(String::from_utf8(other.to_bytes()).unwrap(), note.clone());
        prop_assert!(SignedNote::parse(note.as_bytes()).unwrap().verify(&[ours.verifying_key().clone()]).is_ok());
    }

    #[test]
    fn what_we_read_as_a_note_they_read_the_same(bytes in "([a\n\u{2014} +=]|\n\n|\u{2014} a AAAAAAA=\n){0,12}") {
        let ours = SignedNote::parse(bytes.as_bytes());
        let theirs = signed_note::Note::from_bytes(bytes.as_bytes());
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?}", bytes);
        if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
            prop_assert_eq!(ours.unverified_text().as_bytes(), theirs.text());
            prop_assert_eq!(ours.to_string(), bytes);
        }
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,80}") {
        let _ = SignedNote::parse(&bytes);
        let _ = tlog::checkpoint::SignedCheckpoint::parse(&bytes);
        let _ = tlog::proof::TlogProof::parse(&bytes);
        let _ = tlog::entry::Entry::parse(&bytes);
        let _ = tlog::tile::parse_bundle(&bytes, 3);
        let _ = tlog::timestamp::TimestampRequest::parse(&bytes);
        let _ = tlog::timestamp::TimestampResponse::parse(&bytes);
        let _ = tlog::timestamp::CertificateDer::from_der(&bytes);
        let _ = text.parse::<VerifyingKey>();
        let _ = text.parse::<TileId>();
        prop_assert!(text.parse::<SigningKey>().is_err());
    }
}

#[test]
fn a_proof_reads_each_tile_once() {
    let log = MemoryLog::of(&entries(1_000));
    InclusionProof::build(5, 1_000, &log.hashes()).unwrap();
    assert_eq!(log.reads(), 3, "two leaf tiles and the one above");
}
