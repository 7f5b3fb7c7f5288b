//! The demonstration holds, and its evidence stands alone: off line, without any of our processes, against the pinned root.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    rogue::PATIENCE,
    support::{binary, both, in_company, json},
};

/// What a finished demonstration leaves behind.
struct Left {
    folder: TempDir,
    story: Value,
}

impl Left {
    fn by_a_demonstration() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("demo");
        let output = binary()
            .command(&["demo", "--once", "--json", "--people", "20000", "--data", data.to_str().unwrap()])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", both(&output));
        Self { folder, story: serde_json::from_slice(&output.stdout).unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("demo").join(name)
    }

    fn bundles(&self) -> Vec<PathBuf> {
        let mut bundles: Vec<PathBuf> =
            fs::read_dir(self.path("bundles")).unwrap().map(|e| e.unwrap().path()).collect();
        bundles.sort();
        bundles
    }

    fn root(&self) -> PathBuf {
        self.path("anchor/data/trust-root.json")
    }

    /// Exit code and words of `vinimay audit verify` over one file.
    fn audit(&self, bundle: &Path, root: &Path) -> (i32, String) {
        let arguments =
            ["audit", "verify", "--level", "detailed", "--trust", root.to_str().unwrap(), bundle.to_str().unwrap()];
        let output = binary().command(&arguments).output().unwrap();
        (output.status.code().unwrap(), both(&output))
    }

    /// Saves a changed bundle in the one spelling that bundles have, and audits it.
    fn audit_changed(&self, name: &str, bundle: &Value) -> (i32, String) {
        let path = self.folder.path().join(format!("changed-{name}.json"));
        // A bundle is written as its type is; members stand in the order of the type.
        let typed: schemas::bundle::Bundle = serde_json::from_value(bundle.clone()).unwrap();
        fs::write(&path, serde_json::to_vec(&typed).unwrap()).unwrap();
        self.audit(&path, &self.root())
    }
}

#[test]
fn the_demonstration_holds_and_its_evidence_stands_alone() {
    let _turn = in_company();
    let left = Left::by_a_demonstration();
    every_step_has_a_time_and_evidence(&left.story);
    every_life_event_ends_as_a_changed_row(&left.story);
    an_auditor_without_network_accepts_every_bundle(&left);
    stock_openssl_accepts_the_tokens_by_the_printed_commands(&left);
    one_byte_changed_in_any_part_is_refused(&left);
    parts_of_other_evidence_are_refused(&left);
    another_root_is_foreign(&left);
}

fn every_step_has_a_time_and_evidence(story: &Value) {
    let steps: Vec<&str> = story["steps"].as_array().unwrap().iter().map(|s| s["step"].as_str().unwrap()).collect();
    for step in [
        "join",
        "link",
        "bind",
        "consent",
        "answer",
        "anchored",
        "refused",
        "birth",
        "eighteen",
        "sixty",
        "marriage",
        "migration",
        "death",
        "death-ration",
        "objection",
        "annulment",
        "annulment-ration",
        "history",
        "revoke",
        "refused-after-revocation",
        "audit",
    ] {
        assert!(steps.contains(&step), "{step} is missing in {steps:?}");
    }
    for step in story["steps"].as_array().unwrap() {
        assert!(step["ms"].is_u64() && !step["evidence"].as_object().unwrap().is_empty(), "{step}");
    }
}

/// Registered in one department's database, a changed row in another's; and said so only of what differs.
fn every_life_event_ends_as_a_changed_row(story: &Value) {
    let steps = story["steps"].as_array().unwrap();
    let of = |name: &str| &steps.iter().find(|step| step["step"] == name).unwrap()["evidence"];
    for (name, table, by) in [
        ("birth", "ration_member", "scheme:DEMO-RATION-MEMBER@1"),
        ("eighteen", "disability_pension", "scheme:DEMO-DISABILITY@1"),
        ("sixty", "pension_beneficiary", "scheme:DEMO-OLD-AGE@1"),
        ("marriage", "marriage_assistance", "scheme:DEMO-MARRIAGE@1"),
        ("migration", "pension_beneficiary", "scheme:DEMO-OLD-AGE@1"),
        ("death", "pension_beneficiary", "scheme:DEMO-OLD-AGE@1"),
        ("death-ration", "ration_member", "scheme:DEMO-RATION-MEMBER@1"),
        ("annulment", "pension_beneficiary", "scheme:DEMO-OLD-AGE@1"),
        ("annulment-ration", "ration_member", "scheme:DEMO-RATION-MEMBER@1"),
    ] {
        let evidence = of(name);
        assert_eq!((&evidence["table"], &evidence["by"]), (&table.into(), &by.into()), "{name}");
        assert!(evidence["after"].is_object() && evidence["before"] != evidence["after"], "{name}: {evidence}");
        assert!(evidence["decision"].is_string() && evidence["event"].is_string(), "{name}: {evidence}");
        assert_eq!(evidence["indexes"].as_array().unwrap().len(), 3, "{name}: event, acknowledgement, application");
    }
    // Turning 18: an entry of another scheme's roll is the fact, and the pension is the same person's.
    let eighteen = of("eighteen");
    assert_eq!(eighteen["more"]["roll"], "social.child-disability");
    assert_eq!(eighteen["more"]["fact"]["register_no"], eighteen["after"]["register_no"]);
    // The annulment leaves the row as it was before the death.
    for (death, annulment) in [("death", "annulment"), ("death-ration", "annulment-ration")] {
        assert_eq!(of(death)["before"], of(annulment)["after"], "{annulment}");
    }
}

/// In a network namespace of its own with no interface but a dead loopback, and with every system call of the network traced.
fn an_auditor_without_network_accepts_every_bundle(left: &Left) {
    let trace = left.folder.path().join("trace.txt");
    let bundles = left.bundles();
    assert!(bundles.len() >= 11, "{bundles:?}");
    let output = Command::new("unshare")
        .args(["-rn", "strace", "-f", "-e", "trace=network", "-o", trace.to_str().unwrap()])
        .arg(binary().path())
        .args(["audit", "verify", "--offline", "--trust", left.root().to_str().unwrap()])
        .args(&bundles)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", both(&output));
    let calls = fs::read_to_string(trace).unwrap();
    assert!(calls.contains("+++ exited with 0 +++"), "{calls}");
    assert!(!calls.contains("connect(") && !calls.contains("socket("), "{calls}");
}

fn stock_openssl_accepts_the_tokens_by_the_printed_commands(left: &Left) {
    let evidence = left.folder.path().join("evidence");
    let output = binary()
        .command(&["audit", "verify", "--level", "evidence", "--evidence", evidence.to_str().unwrap(), "--trust"])
        .arg(left.root())
        .arg(left.path("bundles/exchange.json"))
        .output()
        .unwrap();
    let words = both(&output);
    let commands: Vec<&str> =
        words.lines().map(str::trim).filter(|line| line.starts_with("openssl ts -verify")).collect();
    assert!(!commands.is_empty(), "{words}");
    for command in &commands {
        let done = Command::new("sh").args(["-c", command]).output().unwrap();
        assert!(both(&done).contains("Verification: OK"), "{command}: {}", both(&done));
    }
    let note = fs::read_dir(&evidence)
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.extension().is_some_and(|e| e == "note"))
        .unwrap();
    fs::write(&note, fs::read_to_string(&note).unwrap().replacen('\n', " \n", 1)).unwrap();
    let spoilt = commands.iter().find(|c| c.contains(note.to_str().unwrap())).unwrap();
    let done = Command::new("sh").args(["-c", spoilt]).output().unwrap();
    assert!(!done.status.success(), "OpenSSL accepted a token over a changed note");
}

/// Every string of the bundle, several places in each: whatever part it is, the audit must not call it trusted.
fn one_byte_changed_in_any_part_is_refused(left: &Left) {
    let original = json(&left.path("bundles/exchange.json"));
    let mut pointers = Vec::new();
    strings(&original, String::new(), &mut pointers);
    assert!(pointers.len() >= 10, "{pointers:?}");
    for pointer in pointers {
        let text = original.pointer(&pointer).unwrap().as_str().unwrap().to_owned();
        for at in [0, text.len() / 3, text.len() / 2, text.len() - 1] {
            let mut bytes = text.clone().into_bytes();
            if !bytes[at].is_ascii_alphanumeric() {
                continue;
            }
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let mut changed = original.clone();
            *changed.pointer_mut(&pointer).unwrap() = Value::from(String::from_utf8(bytes).unwrap());
            let path = left.folder.path().join("one-byte.json");
            let text = fs::read_to_string(left.path("bundles/exchange.json")).unwrap();
            let (old, new) =
                (original.pointer(&pointer).unwrap().to_string(), changed.pointer(&pointer).unwrap().to_string());
            fs::write(&path, text.replacen(&old, &new, 1)).unwrap();
            let (code, words) = left.audit(&path, &left.root());
            assert!(code == 1 || code == 4, "{pointer} at {at}: exit {code}: {words}");
        }
    }
}

fn strings(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| strings(item, format!("{at}/{n}"), found)),
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| strings(member, format!("{at}/{name}"), found))
        }
        _ => {}
    }
}

fn parts_of_other_evidence_are_refused(left: &Left) {
    let exchange = json(&left.path("bundles/exchange.json"));
    let other = json(&left.path("bundles/outside.json"));
    let mut cases: Vec<(&str, Value)> = Vec::new();
    for record in 0..2 {
        let mut changed = exchange.clone();
        changed["records"][record] = other["records"][record].clone();
        cases.push((["receipt-of-another-exchange", "counterpart-of-another-exchange"][record], changed));
    }
    let mut changed = exchange.clone();
    changed["records"][0]["proof"] = exchange["records"][1]["proof"].clone();
    changed["records"][0]["timestamps"] = exchange["records"][1]["timestamps"].clone();
    cases.push(("proof-for-another-index", changed));
    let mut changed = exchange.clone();
    changed["records"][0]["timestamps"] = other["records"][0]["timestamps"].clone();
    cases.push(("token-of-another-checkpoint", changed));
    let mut changed = exchange.clone();
    changed["members"][0]["chain"] = exchange["members"][1]["chain"].clone();
    cases.push(("foreign-statement", changed));
    for (name, changed) in cases {
        assert_ne!(changed, exchange, "{name} changes something");
        let (code, words) = left.audit_changed(name, &changed);
        assert!(code == 1 || code == 4, "{name}: exit {code}: {words}");
    }
}

/// A second federation: its root does not trust the first one's evidence, and its checkpoint proves nothing there.
fn another_root_is_foreign(left: &Left) {
    let folder = left.folder.path().join("other");
    let addresses = vinimay::world::Addresses::new();
    let mut anchor = vinimay::world::Anchor::init(&binary(), &folder, &addresses).unwrap();
    let (code, words) = left.audit(&left.path("bundles/exchange.json"), &anchor.trust_root_file());
    assert_eq!(code, 4, "{words}");
    anchor.start().unwrap();
    let clock = service_kit::clock::Clock::default();
    let since = clock.monotonic();
    let view: Value = loop {
        match anchor.command(&["log", "checkpoint"]) {
            Ok(printed) => break serde_json::from_str(&printed).unwrap(),
            // It says that it is ready before the checkpoint of its empty log is published.
            Err(error) => assert!(error.to_string().contains("nothing has been published yet"), "{error:#}"),
        }
        assert!(clock.monotonic().saturating_sub(since) < PATIENCE, "nothing was ever published");
    };
    let exchange = json(&left.path("bundles/exchange.json"));
    let proof = exchange["records"][0]["proof"].as_str().unwrap();
    let (head, _) = proof.split_once("\n\n").unwrap();
    let mut changed = exchange.clone();
    changed["records"][0]["proof"] = Value::from(format!("{head}\n\n{}", view["note"].as_str().unwrap()));
    let (code, words) = left.audit_changed("checkpoint-of-another-log", &changed);
    assert!(code == 1 || code == 4, "exit {code}: {words}");
}
