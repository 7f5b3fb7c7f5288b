//! The pages that the registry serves are the build that it signed and the log holds; another folder is not.

use std::path::Path;

use service_kit::clock::Clock;

use super::{NO, TRUST, UNKNOWN, Wallet};
use crate::rogue::PATIENCE;

/// Read from the origin, kept, and compared off line with folders.
pub(super) async fn the_served_wallet_is_the_logged_build(wallet: &Wallet<'_>) {
    let federation = &wallet.ready.federation;
    let served = federation.wallet.as_ref().expect("the wallet is not built; mend: scripts/web.sh wallet");
    let evidence = wallet.ready.folder.path().join("build-evidence.json");
    let (kept, root) = (evidence.display().to_string(), federation.anchor.trust_root_file().display().to_string());
    let origin = served.origin.to_string();
    // Until its record stands in a published checkpoint, nobody can tell.
    let clock = Clock::system();
    let since = clock.monotonic();
    let checked = loop {
        assert!(clock.monotonic() - since < PATIENCE, "the record of the build was never published");
        let (code, printed, all) = wallet.run(&["build", "check", &origin, "--out", &kept]);
        if code == 0 {
            break serde_json::from_str::<serde_json::Value>(&printed).unwrap();
        }
        assert!(code == UNKNOWN && all.contains("status 503"), "{all}");
    };
    assert_eq!(
        (&checked["verdict"], checked["registry"][0].as_str()),
        (&"trusted".into(), Some(federation.civil.entity().as_str()))
    );
    let audited = federation.binary.command(&["audit", "verify", &kept, "--trust", &root]).output().unwrap();
    assert!(audited.status.success(), "{}", crate::support::both(&audited));

    let same =
        wallet.json(&["build", "compare", &kept, "--files", &served.folder.display().to_string(), "--trust", &root]);
    assert_eq!((&same["build"], &same["files"]), (&checked["build"], &checked["files"]));
    let other = wallet.ready.folder.path().join("another-wallet");
    copy(&served.folder, &other);
    std::fs::write(other.join("index.html"), "<!doctype html><title>Wallet</title>").unwrap();
    let files = other.display().to_string();
    assert!(wallet.fails(TRUST, &["build", "compare", &kept, "--files", &files]).contains("another build"));
    let text = std::fs::read_to_string(&evidence).unwrap();
    let unproven = wallet.ready.folder.path().join("unproven.json").display().to_string();
    let start = text.find(",\"proof\"").unwrap();
    let end = text[start..].find("}],\"members\"").unwrap() + start;
    std::fs::write(&unproven, format!("{}{}", &text[..start], &text[end..])).unwrap();
    let own = served.folder.display().to_string();
    let told = wallet.fails(UNKNOWN, &["build", "compare", &unproven, "--files", &own]);
    assert!(told.contains("not-anchored"), "{told}");
    std::fs::write(&unproven, text.replace("\"kind\":\"build\"", "\"kind\":\"trigger\"")).unwrap();
    wallet.fails(NO, &["build", "compare", &unproven, "--files", &own]);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
