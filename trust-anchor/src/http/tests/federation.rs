//! Joining, updating, suspending, registers: read back with the verifier that gateways use.

use protocol::federation::{
    VerifiedAnchor, VerifiedMember, VerifiedRegister, resolved_chain, sign_configuration, verify_chain, verify_register,
};
use schemas::{
    digest::Digest,
    federation::{SignedRegister, Standing},
    id::{CompactJws, EntityId},
};
use service_kit::http_client::Reply;

use crate::{
    commands,
    testing::{Department, World, entry, json, now, refusal},
};

fn token(reply: &Reply) -> CompactJws {
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    std::str::from_utf8(&reply.body).unwrap().parse().unwrap()
}

async fn anchor(world: &World) -> VerifiedAnchor {
    let configuration = token(&world.get("/.well-known/openid-federation").await);
    VerifiedAnchor::verify(&configuration, &world.initialised.trust_root, now()).unwrap()
}

async fn resolved(world: &World, entity: &EntityId) -> VerifiedMember {
    let anchor = anchor(world).await;
    let path = format!("/federation/resolve?sub={entity}&trust_anchor={}", anchor.entity());
    let response = token(&world.get(&path).await);
    let chain = resolved_chain(&response, &anchor, entity, now()).unwrap();
    verify_chain(&chain, &world.initialised.trust_root, now()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_fingerprint_leads_to_the_anchor_and_its_log() {
    let world = World::started().await;
    let anchor = anchor(&world).await;
    assert_eq!(anchor.metadata().log_vkey, world.initialised.trust_root.log_vkey);
    assert_eq!(anchor.officers().persons("register", now().numeric()), 2);
    let served = token(&world.get("/.well-known/openid-federation").await);
    world.proof(3, served.as_str()).await;
    let file = std::fs::read(&world.initialised.trust_root_file).unwrap();
    assert_eq!(serde_json::from_slice::<schemas::bundle::TrustRoot>(&file).unwrap(), world.initialised.trust_root);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_department_becomes_a_member_that_gateways_accept() {
    let world = World::started().await;
    let social = world.member("social", &["consumer:social", "provider"]).await;
    let member = resolved(&world, &social.entity).await;
    assert_eq!((member.standing(), member.roles().len()), (Standing::Active, 2));
    assert_eq!(json::<Vec<EntityId>>(&world.get("/federation/list").await), std::slice::from_ref(&social.entity));
    let statement = world.get(&format!("/federation/fetch?sub={}", social.entity)).await;
    assert_eq!(statement.media_type.as_deref(), Some("application/entity-statement+jwt"));
    let again = world.get(&format!("/federation/fetch?sub={}", social.entity)).await;
    assert_eq!(statement.body, again.body, "one statement of one second has one form");
    world.proof(3, social.configuration_in_force(&world).as_str()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_application_is_refused_with_its_mend_and_changes_nothing() {
    let world = World::started().await;
    let good = world.member("good", &["provider"]).await;
    let dept = Department::new("late");
    let code = world.invite(&dept, &["consumer:social"]);
    let other = Department::new("other");
    let other_code = world.invite(&other, &["provider"]);
    let altered = |edit: &dyn Fn(&mut schemas::federation::EntityConfiguration)| {
        let mut claims = dept.claims(0);
        edit(&mut claims);
        sign_configuration(&dept.federation, &claims).unwrap()
    };
    let foreign = sign_configuration(&good.federation, &dept.claims(0)).unwrap();
    for (why, invitation, configuration, expected) in [
        ("unknown code", "guess", dept.configuration(0), "access-denied"),
        ("no code", "", dept.configuration(0), "access-denied"),
        ("another's code", other_code.as_str(), dept.configuration(0), "access-denied"),
        ("another's key", &code, foreign, "signature-invalid"),
        ("ended", &code, altered(&|c| c.exp = c.iat.plus(-1)), "stale"),
        ("from the future", &code, altered(&|c| c.iat = now().plus(60).numeric()), "stale"),
        ("another anchor", &code, altered(&|c| c.authority_hints.clear()), "audience-wrong"),
        (
            "another version of the protocol alone",
            &code,
            altered(&|c| gateway(c).protocol_versions = vec!["2".to_owned()]),
            "version-unsupported",
        ),
        ("no gateway", &code, altered(&|c| c.metadata.data_gateway = None), "token-malformed"),
        ("no signing key", &code, altered(&|c| gateway(c).signing_jwks.keys.clear()), "token-malformed"),
        ("no encryption key", &code, altered(&|c| gateway(c).encryption_jwks.keys.clear()), "token-malformed"),
        ("no certificate", &code, altered(&|c| gateway(c).tls_certificates.clear()), "token-malformed"),
        ("no https", &code, altered(&|c| gateway(c).query_endpoint = "http://x.example/q".into()), "token-malformed"),
        (
            "an event without its role",
            &code,
            altered(&|c| gateway(c).events_published.push("in.vinimay.death.registered.v1".parse().unwrap())),
            "role-missing",
        ),
    ] {
        let reply = world.post_join(invitation, &configuration).await;
        assert_eq!(refusal(&reply), expected, "{why}");
        assert_eq!(commands::member_list(&world.config).unwrap().len(), 1, "{why}");
        let not_logged = world.proofs(&[entry(3, configuration.as_str())]).await;
        assert_eq!(not_logged.entries[0].index, None, "{why}");
    }
    assert_eq!(world.post_join(&code, &dept.configuration(0)).await.status, 200, "the invitation still counts");
}

fn gateway(claims: &mut schemas::federation::EntityConfiguration) -> &mut schemas::federation::DataGateway {
    claims.metadata.data_gateway.as_mut().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_used_once_and_ends() {
    let world = World::started().await;
    let dept = Department::new("social");
    let code = world.invite(&dept, &["provider"]);
    let configuration = dept.configuration(5);
    assert_eq!(world.post_join(&code, &configuration).await.status, 200);
    let again = world.post_join(&code, &dept.configuration(0)).await;
    assert_eq!(refusal(&again), "conflict");
    assert!(String::from_utf8_lossy(&again.body).contains("mend"));
    assert!(
        commands::member_invite(
            &world.config,
            dept.entity.clone(),
            vec![schemas::federation::Role::Provider],
            "social".parse().unwrap(),
            None
        )
        .is_err()
    );
    let late = Department::new("late");
    let roles = vec![schemas::federation::Role::Provider];
    let ended = commands::member_invite(&world.config, late.entity.clone(), roles, "social".parse().unwrap(), Some(-1))
        .unwrap();
    assert_eq!(refusal(&world.post_join(&ended.code, &late.configuration(0)).await), "access-denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_updates_its_entry_with_the_key_it_joined_with_and_only_forward() {
    let world = World::started().await;
    let mut dept = Department::new("social");
    let code = world.invite(&dept, &["provider"]);
    assert_eq!(world.post_join(&code, &dept.configuration(30)).await.status, 200);
    let before = resolved(&world, &dept.entity).await.statement_mark();
    dept.certificate = Department::new("social").certificate;
    assert_eq!(refusal(&world.post_join("", &dept.configuration(900)).await), "conflict");
    let thief = Department { federation: Department::new("x").federation, ..Department::new("social") };
    assert_eq!(refusal(&world.post_join("", &thief.configuration(0)).await), "signature-invalid");
    let newer = dept.configuration(0);
    assert_eq!(world.post_join("", &newer).await.status, 200);
    assert_eq!(world.post_join("", &newer).await.status, 200, "the answer to a lost answer");
    let member = resolved(&world, &dept.entity).await;
    assert_eq!(member.configuration_digest(), Digest::of(newer.as_str()));
    assert!(member.statement_mark().position > before.position, "a new statement is newer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_bites_at_once_is_logged_and_lifted() {
    let world = World::started().await;
    let dept = world.member("social", &["provider"]).await;
    world.log(&dept, 1, &["before"]).await;
    let before = resolved(&world, &dept.entity).await;
    commands::member_suspend(&world.config, &dept.entity).unwrap();
    assert_eq!(refusal(&world.submit(&dept.submission(vec![entry(1, "during")])).await), "peer-suspended");
    let during = resolved(&world, &dept.entity).await;
    assert_eq!(during.standing(), Standing::Suspended);
    assert!(during.statement_mark().position > before.statement_mark().position);
    let statement = token(&world.get(&format!("/federation/fetch?sub={}", dept.entity)).await);
    assert!(commands::member_suspend(&world.config, &dept.entity).is_err(), "refused, and a row of the audit trail");
    let unknown: EntityId = "https://nobody.localhost".parse().unwrap();
    assert!(commands::member_suspend(&world.config, &unknown).is_err());
    commands::member_resume(&world.config, &dept.entity).unwrap();
    world.log(&dept, 1, &["after"]).await;
    world.proof(3, statement.as_str()).await;
    world.verify_whole_log().await;
    assert_eq!(audited(&world, "member.suspend"), ["done", "refused", "refused"]);
    assert_eq!(audited(&world, "member.resume"), ["done"]);
}

fn audited(world: &World, action: &str) -> Vec<String> {
    use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        outcome: String,
    }
    let database = service_kit::db::Database::open(&world.config.database()).unwrap();
    database
        .read_blocking(|conn| {
            service_kit::audit_trail::verify(conn).unwrap();
            let rows: Vec<Row> = sql_query("SELECT outcome FROM audit_trail WHERE action = $1 ORDER BY seq")
                .bind::<Text, _>(action)
                .load(conn)?;
            Ok::<_, crate::store::StoreError>(rows.into_iter().map(|row| row.outcome).collect())
        })
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn registers_are_in_force_when_two_officers_signed_and_the_log_has_it() {
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../compose/registers");
    let mut world = World::new();
    let (purposes, laws) = ([samples.join("purposes.toml")], [samples.join("laws.toml")]);
    let (set, officers) = (world.placeholders(), world.officer_keys());
    let one = commands::purpose_add(&world.config, &purposes, &set, &officers[..1]);
    assert!(one.unwrap_err().to_string().contains("two different persons"));
    let twice = [officers[0].clone(), officers[0].clone()];
    assert!(
        commands::purpose_add(&world.config, &purposes, &set, &twice).is_err(),
        "two keys of one person count once"
    );
    let foreign = [officers[0].clone(), world.config.keys_dir().join("signing.pem")];
    assert!(commands::purpose_add(&world.config, &purposes, &set, &foreign).is_err());
    let added = commands::purpose_add(&world.config, &purposes, &set, &officers).unwrap();
    assert_eq!((added.version, added.officers.as_str()), (1, "asha+ravi"));
    assert!(commands::purpose_add(&world.config, &purposes, &set, &officers).is_err(), "nothing new");
    assert_eq!(audited(&world, "purpose.add"), ["refused", "refused", "refused", "done", "refused"]);

    world.start().await;
    commands::law_add(&world.config, &laws, &set, &officers).unwrap();
    let anchor = anchor(&world).await;
    for kind in ["purposes", "laws"] {
        let signed: SignedRegister = loop {
            let reply = world.get(&format!("/registers/{kind}")).await;
            if reply.status == 200 {
                break json(&reply);
            }
            assert_eq!(refusal(&reply), "not-found", "signed, not yet logged");
        };
        let register = verify_register(&signed, &anchor, now()).unwrap();
        match register {
            VerifiedRegister::Purposes(all) => assert_eq!(all.iter().count(), added.entries),
            VerifiedRegister::Laws(all) => {
                assert!(all.iter().all(|law| law.provider.as_str() == "https://civil.localhost"))
            }
        }
        world.proof(7, signed.signatures[0].as_str()).await;
        world.proof(7, signed.signatures[1].as_str()).await;
    }
    assert_eq!(refusal(&world.get("/registers/other").await), "not-found");
    assert_eq!(commands::purpose_list(&world.config).unwrap().len(), added.entries);
    assert!(commands::law_list(&world.config).unwrap().iter().any(|law| law.id == "rbd-1969-s3a-social"));
}

impl Department {
    /// The configuration that the directory has in force.
    fn configuration_in_force(&self, world: &World) -> CompactJws {
        let database = service_kit::db::Database::open(&world.config.database()).unwrap();
        let found = database.read_blocking(|conn| crate::store::member::member_find(conn, &self.entity)).unwrap();
        found.unwrap().configuration
    }
}
