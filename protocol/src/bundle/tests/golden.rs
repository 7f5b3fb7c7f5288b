//! Evidence that was written once stays evidence: bundles and roots in `protocol/vectors/bundle/`, verified as committed.
//!
//! `UPDATE_VECTORS=1` writes new ones, with new keys; do so only when the format changes on purpose.

use std::{fs, path::PathBuf};

use super::{super::*, evidence::*};
use crate::federation::testing::NOW;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/bundle").join(name)
}

fn update(name: &str, bundle: &Bundle, root: &TrustRoot) {
    fs::create_dir_all(file("")).unwrap();
    fs::write(file(&format!("{name}.json")), written(bundle)).unwrap();
    fs::write(file(&format!("{name}.root.json")), serde_json::to_vec_pretty(root).unwrap()).unwrap();
}

#[test]
fn committed_evidence_is_trusted_under_its_own_root_and_no_other() {
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        let (exchange, trigger) = (Exchange::new(), Trigger::new());
        update("exchange", &exchange.bundle(), &exchange.root);
        update("trigger", &trigger.bundle(), &trigger.root);
    }
    let root = |name: &str| -> TrustRoot {
        serde_json::from_slice(&fs::read(file(&format!("{name}.root.json"))).unwrap()).unwrap()
    };
    let bundle = |name: &str| fs::read(file(&format!("{name}.json"))).unwrap();
    for (name, other) in [("exchange", "trigger"), ("trigger", "exchange")] {
        let verdict = |root: &TrustRoot| verify(&bundle(name), root, NOW.plus(60)).verdict();
        assert_eq!(verdict(&root(name)), Verdict::Trusted, "{name}");
        assert_eq!(verdict(&root(other)), Verdict::Foreign, "{name} under the root of {other}");
    }
}
