//! The token of a verified bundle, checked once more by the `openssl` command line.

use std::{fs, process::Command};

use super::{super::*, evidence::*};
use crate::federation::testing::NOW;

#[test]
fn openssl_accepts_the_stamp_over_the_note_that_the_report_gives() {
    let exchange = Exchange::new();
    let report = verify(&written(&exchange.bundle()), &exchange.root, NOW.plus(60));
    let [stamp, _] = report.stamps.as_slice() else { panic!("{report:#?}") };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("root.pem"), exchange.anchor.tsa_root.to_pem().unwrap()).unwrap();
    fs::write(folder.path().join("response.tsr"), &stamp.response).unwrap();
    let verifies = |note: &str| {
        fs::write(folder.path().join("note"), note).unwrap();
        let at = stamp.stamped.seconds().to_string();
        let arguments =
            ["ts", "-verify", "-in", "response.tsr", "-data", "note", "-CAfile", "root.pem", "-attime", &at];
        Command::new("openssl").args(arguments).current_dir(folder.path()).output().unwrap().status.success()
    };
    assert!(verifies(&stamp.note));
    assert!(!verifies(&format!("{}\n", stamp.note)));
}
