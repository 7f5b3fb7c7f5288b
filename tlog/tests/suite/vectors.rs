//! Published vectors, byte for byte: signed-note, the tessera and skylight test logs, Certificate
//! Transparency, and a whole proof file with two witnesses.

use sha2::{Digest, Sha256};
use tlog::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    merkle::{ConsistencyProof, Hash, InclusionProof, leaf_hash, root_of_leaves},
    note::{SignatureType, SignedNote, SigningKey, VerifyingKey},
    proof::TlogProof,
    tile::{TileReader, encode_bundle},
};

use crate::world::MemoryLog;

const TESSERA_SKEY: &str = "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg";
const TESSERA_VKEY: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
const TESSERA_LEAVES: [&str; 15] = [
    "one", "two", "three", "four", "five", "six", "seven", "eit", "nain", "ten", "ileven", "twelf", "threeten",
    "fourten", "fivten",
];

const PROOF: &str = "\
c2sp.org/tlog-proof@v1
index 5
zMKa4OAqd7D0V4wawXST15z0JiEEkprIBPkfxOesWvA=
nk9gCR+floFqznAPtqjjcnnV64dge2jQB95D5t164Hg=
zY1lN35vrXYAPixXSd59LsU29xUJtuW4o2dNNg5Y2Co=
5jLpqTgjsBDSEX6SgZiRnbTMdTuRd8bQ5tSsAOxe0Ks=

example.com/log/testdata
15
rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=

\u{2014} example.com/log/testdata M9e0luh4jTG+UMBqOUo9/q+yAEvx1ilBEniMvjf1zfcBOhg+CKubMt53MvIt/uEWP6zdkdIQzd/fmwlM/dlPWF74ewI=
\u{2014} gateway-a.example/witness GSsDjQAAAABpVGeAo7Z8PFFrbJPzkLk8GTGSBK2Cnddlmoz2kKilrYpoKLA6ekDkARozSEZzmm5TLz0kEhZfYHrDm9P9057QGbY/AA==
\u{2014} gateway-b.example/witness ro4bKwAAAABpVGeB/UmqFmm0ZRtVcU/TPDeG7Roenp8AJYzEKmvGfiwUdCa7RlOJRa6ixb4n/1g01k6anLAa17KnLxymdg0ezXsoBw==
";

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn base64(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(Hash::to_string).collect()
}

#[test]
fn the_specification_s_note_verifies() {
    let key: VerifyingKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k".parse().unwrap();
    let text = "This is an example message.\n\n\u{2014} example.com/foo \
        Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    let note = SignedNote::parse(text.as_bytes()).unwrap();
    assert_eq!(note.verify(&[key]).unwrap().text(), "This is an example message.\n");
    assert_eq!(note.to_string(), text);
}

#[test]
fn the_note_of_the_go_package_is_signed_byte_for_byte() {
    let skey = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let key: SigningKey = skey.parse().unwrap();
    let vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_eq!(key.verifying_key().to_string(), vkey);
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    let line = "\u{2014} PeterNeumann \
        x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    assert_eq!(SignedNote::sign(text, &key).unwrap().to_string(), format!("{text}\n{line}"));
}

#[test]
fn the_tessera_log_is_recreated() {
    let key: SigningKey = TESSERA_SKEY.parse().unwrap();
    assert_eq!(key.verifying_key().to_string(), TESSERA_VKEY);
    assert_eq!(key.to_skey().unwrap(), TESSERA_SKEY);
    for (size, root) in [
        (0, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        (1, "0Nc2CrefWKseHj/mStd+LqC8B+NrX0btIiPt2SmN+ek="),
        (2, "T1X2GdkhUjV3iyufF9b0kVsWFxIU0VI4EpNml2Teci4="),
        (3, "Wqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk="),
        (7, "IrSXADBqJ7EQoUODSDKROySgNveeL6CFhik2w/+fS7U="),
        (8, "bC+VwvrJbalNVjfkdI8kUgs7mJoXrqiXCE7bgnD28pY="),
        (15, "rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs="),
    ] {
        let log = MemoryLog::of(&TESSERA_LEAVES[..size]);
        assert_eq!(log.root().to_string(), root, "{size}");
        let checkpoint = log.checkpoint(&key);
        assert_eq!(checkpoint.note().unverified_text(), format!("example.com/log/testdata\n{size}\n{root}\n"));
        assert!(checkpoint.verify(key.verifying_key()).is_ok());
        if size > 0 {
            let leaves: Vec<u8> =
                TESSERA_LEAVES[..size].iter().flat_map(|l| *leaf_hash(l.as_bytes()).as_bytes()).collect();
            assert_eq!(log.tile(0, 0, size as u16), Ok(leaves));
        }
    }
    let bundle = encode_bundle(&TESSERA_LEAVES[..3]).unwrap();
    assert_eq!(hex::encode(bundle), "00036f6e65000374776f00057468726565");
}

#[test]
fn the_proof_file_is_recreated_and_verified_past_its_witnesses() {
    let log = MemoryLog::of(&TESSERA_LEAVES);
    let key: SigningKey = TESSERA_SKEY.parse().unwrap();
    assert_eq!(sha256(PROOF.as_bytes()), "14767fe664aa91591681a2f18e490680125406e7e0b662109b39907f3bb5b9c7");
    let witnesses: String = PROOF.lines().skip(12).map(|line| format!("{line}\n")).collect();
    assert_eq!(format!("{}{witnesses}", log.proof(5, None, &key)), PROOF);

    let proof = TlogProof::parse(PROOF.as_bytes()).unwrap();
    assert_eq!(proof.to_string(), PROOF);
    let verified = proof.verify(b"six", &TESSERA_VKEY.parse().unwrap()).unwrap();
    assert_eq!(verified.index(), 5);
    let log_note = verified.checkpoint().log_note().to_string();
    assert_eq!(log_note, log.checkpoint(&key).to_string());
    assert!(proof.verify(b"seven", &TESSERA_VKEY.parse().unwrap()).is_err());
}

#[test]
fn witness_keys_are_known_as_keys_but_verify_nothing_yet() {
    for vkey in [
        "gateway-a.example/witness+192b038d+BJ/x97WVOsSDkOVKpNOVYw5BFh4KVDYsEbs/EsAzu9Or",
        "gateway-b.example/witness+ae8e1b2b+BHgLavYR+X+BOFN/jLWXWhMQy0fTym8l8OSQwDgn6Aw9",
    ] {
        let key: VerifyingKey = vkey.parse().unwrap();
        assert_eq!((key.signature_type(), key.to_string()), (SignatureType::CosignatureV1, vkey.to_owned()));
        let note = PROOF.split_once("\n\n").unwrap().1;
        assert!(SignedNote::parse(note.as_bytes()).unwrap().verify(&[key]).is_err());
    }
}

#[test]
fn consistency_and_inclusion_hashes_are_the_published_ones() {
    let log = MemoryLog::of(&TESSERA_LEAVES);
    let from_7 = ConsistencyProof::build(7, 15, &log.hashes()).unwrap();
    let expected = [
        "2Q0P5jSR+TdkwdXWyx+GbBWX0KZbNZkWzCjyTPSozsw=",
        "ThcgoV2DYcK+VCxBUDWAlNxmLy2r7dq7dK7+OlgQKWs=",
        "ycRkkNklus5eMVRUvkD1pK321vMrA+jjOiZKU8aOcY4=",
        "zY1lN35vrXYAPixXSd59LsU29xUJtuW4o2dNNg5Y2Co=",
        "5jLpqTgjsBDSEX6SgZiRnbTMdTuRd8bQ5tSsAOxe0Ks=",
    ];
    assert_eq!(base64(from_7.hashes()), expected);
    assert_eq!(from_7.verify(7, &MemoryLog::of(&TESSERA_LEAVES[..7]).root(), 15, &log.root()), Ok(()));

    let key = TESSERA_SKEY.parse().unwrap();
    let body = format!("old 7\n{}\n\n{}", expected.join("\n"), log.checkpoint(&key));
    assert_eq!(sha256(body.as_bytes()), "694775bc10428b6df5633e25050e3c233ac994e4de52eb858791e7ec8b69a81c");

    let from_8 = ConsistencyProof::build(8, 15, &log.hashes()).unwrap();
    assert_eq!(base64(from_8.hashes()), expected[4..]);
    let last = InclusionProof::build(14, 15, &log.hashes()).unwrap();
    let expected = [
        "GiUtVP0XhIaZ/fl7ReMLgw+9YUtjFAt8kaTdfOe2u/I=",
        "3cFRCtyHVxAUTugFyRgo30efbl+BVxdTQDIGg5H61SA=",
        "bC+VwvrJbalNVjfkdI8kUgs7mJoXrqiXCE7bgnD28pY=",
    ];
    assert_eq!(base64(last.hashes()), expected);
    assert_eq!(last.verify(&leaf_hash(b"fivten"), 14, 15, &log.root()), Ok(()));
}

#[test]
fn the_tiles_of_the_skylight_log_are_recreated() {
    let records: Vec<_> = (0..300).map(|i| format!("record {i}")).collect();
    let log = MemoryLog::of(&records);
    let full = log.tile(0, 0, 256).unwrap();
    let partial = log.tile(0, 1, 44).unwrap();
    assert_eq!((full.len(), partial.len()), (8_192, 1_408));
    assert_eq!(sha256(&full), "66a1d43136a854a5776d5bce14bf101c925fc7d4b32f1be23b658f636ebfcddb");
    assert_eq!(sha256(&partial), "699f078d937f13343d71ad39321757de3ecf391e8d7a1b2015ad38bd36f5d60a");
    let upper = log.tile(1, 0, 1).unwrap();
    assert_eq!(hex::encode(upper), "dc9349f9787ed0086da6d97f679c51a5198f98e456e95b1d87fa3abc012fec31");
    let text = "rome2026h1.example.org\n300\ngw31yQrqZZCcEOPrzX+bpy3nJ6QgngTKn8G1m0i62uU=\n";
    let origin = "rome2026h1.example.org".parse().unwrap();
    assert_eq!(text.parse(), Ok(Checkpoint { origin, size: 300, root: log.root() }));
}

#[test]
fn the_classic_tree_of_certificate_transparency_has_its_roots() {
    let leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let leaves: Vec<_> = leaves.iter().map(|leaf| leaf_hash(&hex::decode(leaf).unwrap())).collect();
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    for (size, root) in (1..).zip(roots) {
        assert_eq!(format!("{:x}", root_of_leaves(&leaves[..size])), root);
    }
}

#[test]
fn an_empty_log_has_a_checkpoint_too() {
    let key: SigningKey = TESSERA_SKEY.parse().unwrap();
    let note = MemoryLog::default().checkpoint(&key).to_string();
    let verified = SignedCheckpoint::parse(note.as_bytes()).unwrap().verify(key.verifying_key()).unwrap();
    assert_eq!(verified.checkpoint().size, 0);
}
