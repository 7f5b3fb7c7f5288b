//! Each refusal of a submission, through HTTP, between two good ones; nothing changes by any of them.

use protocol::seal::{self, Typ};
use schemas::federation::AnchorSubmission;

use crate::{
    commands,
    testing::{Department, World, entry, now, refusal},
};

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_submission_is_refused_between_two_good_ones() {
    let world = World::started().await;
    let dept = world.member("social", &["consumer:social"]).await;
    let source = world.member("civil", &["event-source:in.vinimay.death.registered.v1"]).await;
    let stranger = Department::new("stranger");
    let good = |record: &str| dept.submission(vec![entry(1, record)]).to_string();
    let with = |edit: &dyn Fn(&mut AnchorSubmission)| {
        let mut claims = dept.submission_claims(vec![entry(1, "bad")]);
        edit(&mut claims);
        dept.sign(&claims).to_string()
    };
    let with_types = |entry_type: u8| dept.submission(vec![entry(1, "bad"), entry(entry_type, "bad")]).to_string();
    let posing = Department { entity: dept.entity.clone(), ..Department::new("posing") };
    let other_typ = seal::sign(Typ::Query, &dept.signing, &dept.submission_claims(vec![entry(1, "bad")])).unwrap();
    let by_federation_key =
        seal::sign(Typ::AnchorSubmit, &dept.federation, &dept.submission_claims(vec![entry(1, "bad")])).unwrap();
    let source_claims = |claims: &mut AnchorSubmission| claims.iss = source.entity.clone();
    let mut version_two = serde_json::to_value(dept.submission_claims(vec![entry(1, "bad")])).unwrap();
    version_two["v"] = 2.into();
    let mut unknown_member = serde_json::to_value(dept.submission_claims(vec![entry(1, "bad")])).unwrap();
    unknown_member["receipt"] = "the anchor never sees one".into();
    let of_json =
        |claims: &serde_json::Value| seal::sign(Typ::AnchorSubmit, &dept.signing, claims).unwrap().to_string();
    let mut flipped = good("bad").into_bytes();
    let last = flipped.len() - 5;
    flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();

    let cases: Vec<(&str, String, &str)> = vec![
        ("empty", String::new(), "token-malformed"),
        ("no token", "x.y".to_owned(), "token-malformed"),
        ("another typ", other_typ.to_string(), "token-type-wrong"),
        ("version 2", of_json(&version_two), "version-unsupported"),
        ("an unknown claim", of_json(&unknown_member), "token-malformed"),
        ("no member", stranger.submission(vec![entry(1, "bad")]).to_string(), "peer-unknown"),
        ("another's key", posing.submission(vec![entry(1, "bad")]).to_string(), "signature-invalid"),
        ("the federation key", by_federation_key.to_string(), "signature-invalid"),
        ("a changed byte", flipped, "signature-invalid"),
        ("signed by one, of another", with(&source_claims), "signature-invalid"),
        ("for another anchor", with(&|c| c.aud = "https://other.localhost".parse().unwrap()), "audience-wrong"),
        ("ended", with(&|c| (c.iat, c.exp) = (now().plus(-90).numeric(), now().plus(-11).numeric())), "stale"),
        (
            "from the future",
            with(&|c| (c.iat, c.exp) = (now().plus(3_600).numeric(), now().plus(3_630).numeric())),
            "stale",
        ),
        ("lives too long", with(&|c| c.exp = c.iat.plus(121)), "stale"),
        ("nothing to log", with(&|c| c.entries.clear()), "request-malformed"),
        ("type 0", with_types(0), "request-malformed"),
        ("type 12", with_types(12), "request-malformed"),
        ("directory", with_types(3), "role-missing"),
        ("token", with_types(4), "role-missing"),
        ("former log", with_types(11), "role-missing"),
        ("receipt of a mere event source", source.submission(vec![entry(1, "bad")]).to_string(), "role-missing"),
    ];
    for (n, (why, body, expected)) in cases.iter().enumerate() {
        world.log(&dept, 1, &[&format!("good before {n}")]).await;
        let size = commands::log_size(&world.config).unwrap();
        let reply = world.post("/log/submissions", "application/dx-anchor-submit+jwt", body.as_str()).await;
        assert_eq!(refusal(&reply), *expected, "{why}");
        assert_eq!(commands::log_size(&world.config).unwrap(), size, "{why}");
        world.log(&dept, 1, &[&format!("good after {n}")]).await;
    }
    let bad = world.proofs(&[entry(1, "bad"), entry(3, "bad"), entry(4, "bad"), entry(11, "bad")]).await;
    assert!(bad.entries.iter().all(|one| one.index.is_none()));
    assert_eq!(world.log(&source, 2, &["an event"]).await.entries.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_or_of_another_kind_is_refused_before_it_is_read() {
    let world = World::started().await;
    let dept = world.member("social", &["provider"]).await;
    let too_many = dept.submission((0..1_025).map(|n| entry(1, &n.to_string())).collect());
    let reply = world.submit(&too_many).await;
    assert!(["token-malformed", "request-malformed"].contains(&refusal(&reply).as_str()));
    let huge = vec![b'a'; 200 * 1024];
    let reply = world.post("/log/submissions", "application/dx-anchor-submit+jwt", huge).await;
    assert_eq!(refusal(&reply), "request-too-large");
    let token = dept.submission(vec![entry(1, "x")]);
    let reply = world.post("/log/submissions", "application/json", token.as_str()).await;
    assert_eq!(refusal(&reply), "media-type-unsupported");
    assert_eq!(refusal(&world.get("/log/submissions").await), "method-not-allowed");
    let largest: Vec<String> = (0..1_024).map(|n| n.to_string()).collect();
    let largest: Vec<&str> = largest.iter().map(String::as_str).collect();
    assert_eq!(world.log(&dept, 1, &largest).await.entries.len(), 1_024);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_s_quota_ends_with_a_time_and_leaves_others_alone() {
    let mut world = World::with("member_entries_per_second = 1\nmember_entries_burst = 1024");
    world.start().await;
    let (one, two) = (world.member("one", &["provider"]).await, world.member("two", &["provider"]).await);
    let records: Vec<String> = (0..1_024).map(|n| n.to_string()).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    world.log(&one, 1, &records).await;
    let refused = world.submit(&one.submission((0..100).map(|n| entry(1, &format!("x{n}"))).collect())).await;
    assert_eq!(refusal(&refused), "too-many-requests");
    assert!(refused.retry_after.is_some_and(|seconds| (1..=100).contains(&seconds)));
    world.log(&two, 1, &["mine"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_pushes_back_at_once_with_a_time_and_recovers() {
    let world = World::started().await;
    let dept = world.member("social", &["provider"]).await;
    let token = dept.submission((0..1_024).map(|n| entry(1, &n.to_string())).collect());
    // What fills the queue waits for as long as the test wants.
    let others = world.running.as_ref().unwrap().queue.filled_but_for(1_023).await;
    let refused = world.submit(&token).await;
    assert_eq!((refusal(&refused).as_str(), refused.retry_after), ("overloaded", Some(1)));
    world.log(&dept, 1, &["what still fits"]).await;
    drop(others);
    let again = world.submit(&token).await;
    assert_eq!(world.acknowledgement(&again).entries.len(), 1_024);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signing_key_that_has_ended_or_was_revoked_submits_nothing() {
    use schemas::federation::Revoked;
    let world = World::started().await;
    let dept = Department::new("social");
    let code = world.invite(&dept, &["provider"]);
    assert_eq!(world.post_join(&code, &dept.configuration(30)).await.status, 200);
    world.log(&dept, 1, &["while it counted"]).await;
    let revoked = Revoked { revoked_at: now().plus(-1).numeric(), reason: "superseded".to_owned() };
    for (age, ended, revoked) in [(20, Some(now().plus(-1).numeric()), None), (10, None, Some(revoked))] {
        let mut claims = dept.claims(age);
        let key = &mut claims.metadata.data_gateway.as_mut().unwrap().signing_jwks.keys[0];
        (key.exp, key.revoked) = (ended, revoked);
        let configuration = protocol::federation::sign_configuration(&dept.federation, &claims).unwrap();
        assert_eq!(world.post_join("", &configuration).await.status, 200);
        assert_eq!(refusal(&world.submit(&dept.submission(vec![entry(1, "later")])).await), "signature-invalid");
    }
    assert_eq!(world.post_join("", &dept.configuration(0)).await.status, 200);
    world.log(&dept, 1, &["with a key that counts"]).await;
}
