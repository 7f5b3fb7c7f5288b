//! Refusals of queries under a registered law: the law, the officer who answers for it, the person whom the identity registry named,
//! and the day's quotas.

use protocol::{
    event::NamingRegistry,
    seal::{DecryptionKey, SigningKey},
};
use schemas::{
    id::{CompactJwe, EntityId, SectorSubject},
    problem::Code,
    time::Timestamp,
};
use serde_json::{Value, json};
use vinimay::world::Department;

use super::{
    attempt::{Attempt, Row, row},
    of_a_signed_refusal,
    world::World,
};
use crate::rogue::{Heard, Traces};

/// Shown beside the table.
pub const BESIDE: &[Code] = &[Code::LawQuotaExceeded];

/// Laws that only these tests have.
pub const REGISTERED: &str = include_str!("laws.toml");
const WIDE: &str = "cg-pension-check-2026";
/// Each with one limit of one answer a day, and two answers of others.
const NARROW: [(&str, &str); 3] =
    [("cg-once-a-day", "in all"), ("cg-once-an-officer", "for one officer"), ("cg-once-a-person", "about one person")];

pub fn rows() -> Vec<Row> {
    use Code::*;
    vec![
        row(LawNotRegistered, "a law that nobody registered", |a| under(a, "cg-nothing-2026")),
        row(LawScopeExceeded, "a law of another asker", |a| under(a, "cg-seeding-2026-food")),
        row(LawScopeExceeded, "a law of another answerer", |a| under(a, "rbd-1969-s3a-social")),
        row(LawScopeExceeded, "no case", |a| {
            under(a, WIDE);
            drop(a.claims().as_object_mut().unwrap().remove("case"));
        }),
        row(LawScopeExceeded, "no officer", |a| {
            under(a, WIDE);
            drop(a.claims()["agent"].as_object_mut().unwrap().remove("officer"));
        }),
        row(LawScopeExceeded, "another purpose", |a| {
            under(a, WIDE);
            a.claims()["query"]["purpose"] = "social.pension.continuation".into();
        }),
        row(LawScopeExceeded, "one item more", |a| {
            under(a, WIDE);
            a.claims()["query"]["fields"] = json!(["annual_income_band", "annual_income"]);
        }),
        row(LawScopeExceeded, "no item", |a| {
            under(a, WIDE);
            a.claims()["query"]["fields"] = json!([]);
        }),
        row(LawScopeExceeded, "another dataset", |a| {
            under(a, WIDE);
            a.claims()["query"]["dataset"] = "revenue.land-holding".into();
        }),
        row(LawScopeExceeded, "a question that the law does not have", |a| {
            under(a, WIDE);
            a.claims()["query"]["predicates"] = json!([{ "field": "annual_income_band", "op": "eq", "value": "A" }]);
        }),
        row(NotFoundOrNotPermitted, "a person named for another asker", |a| {
            let food = a.world.federation.food.entity().clone();
            named(a, |a| name(a.world, &a.world.federation.revenue, &food, &her(a.world)));
        }),
        row(NotFoundOrNotPermitted, "a person named to another department", |a| {
            let social = a.world.federation.social.entity().clone();
            named(a, |a| name(a.world, &a.world.federation.food, &social, &her(a.world)));
        }),
        row(NotFoundOrNotPermitted, "a person whom nobody here knows", |a| {
            let social = a.world.federation.social.entity().clone();
            let nobody = protocol::seal::encode_base64url([7; 32]).parse().unwrap();
            named(a, |a| name(a.world, &a.world.federation.revenue, &social, &nobody));
        }),
        row(NotFoundOrNotPermitted, "a person named by one who may name nobody", |a| {
            let (world, social) = (a.world, a.world.federation.social.entity().clone());
            let (food, revenue) = (&world.federation.food, &world.federation.revenue);
            named(a, |_| forged_by((food, food), revenue, &social, (&her(world), world.now())));
        }),
        row(NotFoundOrNotPermitted, "a person whom the asker names itself, in the registry's name", |a| {
            let (world, social) = (a.world, &a.world.federation.social);
            let (civil, revenue) = (&world.federation.civil, &world.federation.revenue);
            named(a, |_| forged_by((social, civil), revenue, social.entity(), (&her(world), world.now())));
        }),
        row(NotFoundOrNotPermitted, "a person who was named two days ago", |a| {
            let (world, social) = (a.world, a.world.federation.social.entity());
            let (civil, revenue) = (&world.federation.civil, &world.federation.revenue);
            named(a, |_| forged_by((civil, civil), revenue, social, (&her(world), world.now().plus(-2 * 86_400))));
        }),
        row(NotFoundOrNotPermitted, "a consent's presentation instead of a name", |a| {
            let binding = Attempt::new(a.world).basis()["binding"].clone();
            under(a, WIDE);
            a.claims()["basis"]["subject"] = binding;
        }),
        row(TokenMalformed, "a law and a consent at once", |a| {
            let consent = Attempt::new(a.world).basis()["consent"].clone();
            under(a, WIDE);
            a.claims()["basis"]["consent"] = consent;
        }),
        row(TokenMalformed, "a law about nobody", |a| {
            under(a, WIDE);
            drop(a.claims()["basis"].as_object_mut().unwrap().remove("subject"));
        }),
        row(RoleMissing, "by a member that may not ask for this purpose, under a law", |a| {
            under(a, WIDE);
            a.as_caller(super::world::FOOD);
        }),
    ]
}

/// The citizen of these tests as the revenue department knows her.
fn her(world: &World) -> SectorSubject {
    world.citizen.bindings[0].held.concealed("sub_revenue").unwrap().parse().unwrap()
}

fn name(world: &World, receiver: &Department, asker: &EntityId, subject: &SectorSubject) -> CompactJwe {
    let civil = &world.federation.civil;
    forged_by((civil, civil), receiver, asker, (subject, world.now()))
}

/// As whoever holds the keys of `signer` names somebody, in the name of `registry`: sealed to the receiver, for one asker.
fn forged_by(
    (signer, registry): (&Department, &Department),
    receiver: &Department,
    asker: &EntityId,
    (subject, now): (&SectorSubject, Timestamp),
) -> CompactJwe {
    let pem = |of: &Department, file| std::fs::read(of.folder().join(file)).unwrap();
    let key = DecryptionKey::from_pem(&pem(receiver, "keys/encryption.pem")).unwrap();
    let signing = SigningKey::from_pem(&pem(signer, "keys/signing.pem")).unwrap();
    let registry = NamingRegistry { entity: registry.entity(), signing: &signing };
    registry.name((receiver.entity(), key.public()), asker, subject.clone(), now).unwrap()
}

/// A good query under a law.
fn under(attempt: &mut Attempt<'_>, law: &str) {
    let (world, asker) = (attempt.world, attempt.world.callers[0].0.entity.clone());
    let subject = name(world, &world.federation.revenue, &asker, &her(world));
    *attempt.basis() = json!({ "type": "law", "id": law, "subject": subject });
    attempt.claims()["case"] = "CASE-2026-0001".into();
    attempt.claims()["agent"]["officer"] = "officer-7".into();
}

/// A query under the wide law about somebody who was named in another way.
fn named(attempt: &mut Attempt<'_>, make: impl FnOnce(&Attempt<'_>) -> CompactJwe) {
    let subject = make(attempt);
    under(attempt, WIDE);
    attempt.claims()["basis"]["subject"] = subject.as_str().into();
}

async fn ask(world: &World, law: &str, change: impl FnOnce(&mut Value)) -> Heard {
    let mut attempt = Attempt::new(world);
    under(&mut attempt, law);
    change(attempt.claims());
    attempt.send().await
}

/// Under each law with one narrow limit the first question of the day is answered and the second refused; under the wide one both are.
pub async fn quotas(world: &World) {
    assert_eq!(ask(world, WIDE, |_| ()).await, Heard::Answered, "a good query under a law");
    for (law, why) in NARROW {
        assert_eq!(ask(world, law, |_| ()).await, Heard::Answered, "the first of the day {why}");
        let before = Traces::of(&world.federation.revenue);
        assert_eq!(ask(world, law, |_| ()).await, Heard::Refused(Code::LawQuotaExceeded), "the second {why}");
        let after = Traces::of(&world.federation.revenue);
        assert_eq!(after.since(&before), of_a_signed_refusal(), "{why}");
        assert_eq!(after.statements, before.statements, "{why}: the source is not read");
        world.is_good(why).await;
    }
    let another = ask(world, "cg-once-an-officer", |claims| claims["agent"]["officer"] = "officer-8".into()).await;
    assert_eq!(another, Heard::Answered, "another officer has a limit of their own");
    assert_eq!(ask(world, WIDE, |_| ()).await, Heard::Answered, "and another law its own");
}
