//! From a member's digest to a proof that an auditor takes, and what stops on the way.

use std::{path::PathBuf, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use schemas::digest::Digest;
use tlog::{
    proof::TlogProof,
    timestamp::{CertificateDer, TimestampResponse, verify_token},
};

use crate::{
    commands,
    proving::{EntryProof, EntryStatus},
    testing::{World, entry, json, refusal},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_submitted_digest_is_acknowledged_anchored_and_proven_to_a_stranger() {
    let world = World::started().await;
    let revenue = world.member("revenue", &["provider"]).await;
    let ack = world.log(&revenue, 1, &["receipt one", "receipt two"]).await;
    assert_eq!(ack.origin, world.log_key().name().to_string());
    let proof = world.proof(1, "receipt two").await;
    let parsed = TlogProof::parse(proof.proof.as_bytes()).unwrap();
    let (logged, verified) = parsed.verify_record(b"receipt two", &world.log_key()).unwrap();
    assert_eq!((verified.index(), logged.received_ms), (ack.entries[1].index, ack.entries[1].received_ms));
    assert!(parsed.verify_record(b"receipt one", &world.log_key()).is_err());

    let root = STANDARD.decode(&world.initialised.trust_root.tsa_root).unwrap();
    let root = CertificateDer::from_der(&root).unwrap();
    let note = verified.checkpoint().log_note().to_string();
    let response = TimestampResponse::parse(&STANDARD.decode(&proof.timestamps[0]).unwrap()).unwrap();
    let stamped = verify_token(response.token_der(), note.as_bytes(), &root, &[]).unwrap();
    assert!(stamped.gen_time_unix.abs_diff(crate::testing::now().seconds()) < 3_600);
    assert!(world.verify_whole_log().await > ack.entries[1].index);
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_openssl_accepts_the_served_time_stamp() {
    let world = World::started().await;
    let revenue = world.member("revenue", &["provider"]).await;
    world.log(&revenue, 1, &["receipt"]).await;
    let proof = world.proof(1, "receipt").await;
    let size = TlogProof::parse(proof.proof.as_bytes()).unwrap().signed_checkpoint().unverified().size;
    let file = |name: &str| world.folder.path().join(name);
    std::fs::write(file("cp.note"), world.get(&format!("/checkpoint/{size}")).await.body).unwrap();
    std::fs::write(file("cp.tsr"), world.get(&format!("/checkpoint/{size}/timestamp.tsr")).await.body).unwrap();
    std::fs::write(file("other.note"), "another note").unwrap();
    let verify = |data: &str| {
        let mut command = Command::new("openssl");
        command.args(["ts", "-verify", "-in"]).arg(file("cp.tsr")).arg("-data").arg(file(data));
        command.arg("-CAfile").arg(&world.initialised.tsa_root_file).output().unwrap().status.success()
    };
    assert!(verify("cp.note"));
    assert!(!verify("other.note"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_digest_twice_gets_the_same_place() {
    let world = World::started().await;
    let (one, two) = (world.member("one", &["provider"]).await, world.member("two", &["consumer:social"]).await);
    let first = world.log(&one, 1, &["shared", "shared"]).await;
    let again = world.log(&two, 1, &["shared"]).await;
    assert_eq!(first.entries[0], first.entries[1]);
    assert_eq!(first.entries[0], again.entries[0]);
    let token = one.submission(vec![entry(1, "replayed")]);
    let (a, b) = (world.submit(&token).await, world.submit(&token).await);
    assert_eq!(world.acknowledgement(&a).entries, world.acknowledgement(&b).entries);
    world.verify_whole_log().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_submission_and_many_tiles_verify_at_every_step() {
    let world = World::started().await;
    let revenue = world.member("revenue", &["provider"]).await;
    for step in 0..3_u32 {
        let records: Vec<String> = (0..1_024).map(|n| format!("{step} {n}")).collect();
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        let ack = world.log(&revenue, 1, &records).await;
        assert_eq!(ack.entries.len(), 1_024);
        world.proof(1, records[1_023]).await;
        assert!(world.verify_whole_log().await >= u64::from(step + 1) * 1_024);
    }
    let asked: Vec<_> = (0..1_024).map(|n| entry(1, &format!("1 {n}"))).collect();
    let proofs = world.proofs(&asked).await;
    assert_eq!(proofs.timestamps.len(), 1);
    for (n, proven) in proofs.entries.iter().enumerate() {
        let parsed = TlogProof::parse(proven.proof.as_ref().unwrap().as_bytes()).unwrap();
        parsed.verify_record(format!("1 {n}").as_bytes(), &world.log_key()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sequenced_and_not_yet_published_says_so_and_can_be_waited_for() {
    let mut world = World::new();
    world.config.publish_interval_ms = 3_600_000;
    world.start().await;
    let revenue = world.member("revenue", &["provider"]).await;
    let ack = world.log(&revenue, 1, &["receipt"]).await;
    let path = format!("/log/proof?type=1&digest={}", Digest::of("receipt"));
    let early = world.get(&path).await;
    assert_eq!((early.status, early.retry_after), (202, Some(1)));
    let said: EntryProof = json(&early);
    assert_eq!((said.status, said.index), (EntryStatus::Sequenced, Some(ack.entries[0].index)));
    // A stop publishes what was sequenced; whoever asks with a wait is answered once it is published.
    world.stop().await;
    world.config.publish_interval_ms = 100;
    world.start().await;
    world.proof(1, "receipt").await;
    world.log(&revenue, 1, &["another"]).await;
    world.proof(1, "another").await;
    let proofs = world.proofs(&[entry(1, "receipt"), entry(1, "never"), entry(2, "receipt"), entry(99, "x")]).await;
    let statuses: Vec<_> = proofs.entries.iter().map(|one| one.status).collect();
    assert_eq!(statuses, [EntryStatus::Anchored, EntryStatus::Unknown, EntryStatus::Unknown, EntryStatus::Unknown]);
    assert_eq!(refusal(&world.get(&path.replace("type=1", "type=2")).await), "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_where_it_stopped_and_publishes_what_was_sequenced() {
    let mut world = World::new();
    world.config.publish_interval_ms = 3_600_000;
    world.start().await;
    let revenue = world.member("revenue", &["provider"]).await;
    let before = world.log(&revenue, 1, &["before"]).await;
    world.stop().await;
    world.config.publish_interval_ms = 100;
    world.start().await;
    assert!(world.verify_whole_log().await > before.entries[0].index);
    let after = world.log(&revenue, 1, &["after", "before"]).await;
    assert!(after.entries[0].index > before.entries[0].index);
    assert_eq!(after.entries[1], before.entries[0]);
    world.proof(1, "after").await;
    world.verify_whole_log().await;
    let report = commands::log_fsck(&world.config).unwrap();
    assert_eq!(report.entries, commands::log_size(&world.config).unwrap());
    assert!(report.publications >= 2 && report.timestamps >= 2);
}

/// The database of a stopped anchor: its file, and the log beside it if SQLite left one. Together they are what was committed.
fn files_of_the_database(world: &World) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = ["anchor.db", "anchor.db-wal", "anchor.db-shm"].map(|name| world.config.data_dir().join(name));
    paths.into_iter().filter(|path| path.exists()).map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolled_back_database_is_served_read_only() {
    let mut world = World::started().await;
    let revenue = world.member("revenue", &["provider"]).await;
    world.log(&revenue, 1, &["kept"]).await;
    world.proof(1, "kept").await;
    world.stop().await;
    let backup = files_of_the_database(&world);
    world.start().await;
    world.log(&revenue, 1, &["lost"]).await;
    world.proof(1, "lost").await;
    world.stop().await;
    for (path, _) in files_of_the_database(&world) {
        std::fs::remove_file(path).unwrap();
    }
    for (path, content) in backup {
        std::fs::write(path, content).unwrap();
    }
    world.start().await;
    assert_eq!(world.running.as_ref().unwrap().obstacles().await, ["log"]);
    let refused = world.submit(&revenue.submission(vec![entry(1, "more")])).await;
    assert_eq!((refusal(&refused).as_str(), refused.retry_after), ("overloaded", Some(1)));
    world.proof(1, "kept").await;
    world.verify_whole_log().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tile_that_was_cut_short_in_the_database_is_never_served() {
    let mut world = World::started().await;
    let revenue = world.member("revenue", &["provider"]).await;
    let records: Vec<String> = (0..600).map(|n| n.to_string()).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    world.log(&revenue, 1, &records).await;
    world.proof(1, "599").await;
    assert_eq!(world.get("/tile/0/000").await.body.len(), 8_192);
    world.stop().await;
    let database = service_kit::db::Database::open(&world.config.database()).unwrap();
    database
        .write_blocking(|conn| {
            use diesel::RunQueryDsl;
            diesel::sql_query("UPDATE log_tile SET hashes = substr(hashes, 1, 8160) WHERE level = 0 AND idx = 0")
                .execute(conn)?;
            Ok::<_, crate::store::StoreError>(())
        })
        .unwrap();
    drop(database);
    world.start().await;
    assert_eq!(refusal(&world.get("/tile/0/000").await), "internal");
    assert_eq!(world.get("/tile/0/000.p/200").await.body.len(), 200 * 32);
    assert_eq!(world.get("/tile/0/001").await.body.len(), 8_192);
    assert!(commands::log_fsck(&world.config).is_err());
}
