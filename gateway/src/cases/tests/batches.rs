use protocol::exchange::Attested;
use schemas::{
    asking::{BatchOrder, BatchProgress, LawPart, PERSONS, PartAnswer, PartOutcome, PersonReference, QueryPart},
    id::MessageId,
    problem::Code,
    receipt::{Receipt, ReceiptBasis},
};
use service_kit::db::DatabaseError;

use super::{
    super::batch::question,
    world::{Office, case},
};
use crate::{
    break_glass::{Officer, Outcome, Review, ReviewError},
    config::SystemRight,
    exchange::{
        ask::{About, Pending, digest},
        testing::{
            count,
            federation::{ENGINES, Engine, Federation, tamper},
            receipts_of,
        },
    },
    store::{exchange::asks::AskKey, inquiries::parts_ended},
};

fn outcomes(lines: &[PartAnswer]) -> Vec<(PartOutcome, bool, Option<Code>)> {
    lines.iter().map(|line| (line.outcome, line.open, line.code)).collect()
}

const ANSWERED: (PartOutcome, bool, Option<Code>) = (PartOutcome::Answered, false, None);

#[tokio::test(flavor = "multi_thread")]
async fn everybody_of_a_batch_gets_a_line_in_the_order_of_the_request() {
    for engine in ENGINES {
        let office = Office::open(engine, |_| {}).await;
        let app = &office.federation.consumer;
        let mut numbers = office.people(3).await;
        office.link(app, "RID-0003", "P-3").await;
        office.link(app, "RID-9999", "P-9").await;
        numbers.extend(["P-3", "P-9", "P-unknown"].map(str::to_owned));
        let (key, order) = (office.federation.key(), office.order(&numbers));
        let id = office.run(app, &key, &order).await;
        let (lines, last) = office.lines(app, &id, None).await;
        let nobody = (PartOutcome::Refused, false, Some(Code::NotFoundOrNotPermitted));
        assert_eq!(outcomes(&lines), [ANSWERED, ANSWERED, ANSWERED, nobody, nobody, nobody], "{engine:?}");
        let told: Vec<_> = lines.iter().map(|line| line.number.clone().unwrap()).collect();
        assert_eq!(told, numbers);
        assert!(lines[..3].iter().all(|line| line.record.as_ref().unwrap().rows.len() == 1 && line.receipt.is_some()));
        assert!(lines[3].refusal.is_some(), "nobody at the provider: it said so itself");
        assert!(
            lines[4..].iter().all(|line| line.exchange.is_none()),
            "nobody at the registry, or here: nothing was asked"
        );
        assert_eq!(
            (last.state, last.code, last.persons, last.ended, last.after),
            (BatchProgress::Ended, None, 6, 6, Some(5))
        );

        let (rest, _) = office.lines(app, &id, Some(3)).await;
        assert_eq!(rest, lines[4..]);
        let receipts = count(app.db(), "receipt");
        assert_eq!(office.run(app, &key, &order).await, id, "the same request is the same batch");
        assert_eq!(office.lines(app, &id, None).await.0, lines);
        assert_eq!(count(app.db(), "receipt"), receipts, "and nothing is asked again");
        office.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_receipts_of_a_person_name_the_law_in_the_same_version() {
    let office = Office::open(Engine::Sqlite, |_| {}).await;
    let app = &office.federation.consumer;
    let id = office.run(app, &office.federation.key(), &office.order(&office.people(1).await)).await;
    let (lines, _) = office.lines(app, &id, None).await;
    let (own, theirs) = receipts_of(app.db(), lines[0].exchange.as_ref().unwrap()).await.unwrap();
    let own = Attested::<Receipt>::read_own(&own, app.keys().signing.public()).unwrap();
    let member = office.federation.provider_member();
    let theirs = Attested::<Receipt>::verify(theirs.unwrap().as_str().as_bytes(), &member).unwrap();
    assert_eq!(own.claims().basis, theirs.claims().basis);
    assert!(matches!(&own.claims().basis, Some(ReceiptBasis::Law { id, .. }) if *id == office.federation.world.law.id));
    assert!(app.return_receipts().await.unwrap() >= 1);
    assert_eq!(count(office.provider.app().db(), "counterpart_receipt"), 1, "the provider takes ours");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_used_up_stops_the_rest_without_a_query() {
    let office = Office::open(Engine::Sqlite, |registers| registers.law.quota.per_day = 2).await;
    let app = &office.federation.consumer;
    let (key, order) = (office.federation.key(), office.order(&office.people(40).await));
    let id = office.run(app, &key, &order).await;
    let (lines, last) = office.lines(app, &id, None).await;
    assert_eq!((last.state, last.code), (BatchProgress::Stopped, Some(Code::LawQuotaExceeded)));
    assert_eq!(lines.iter().filter(|line| line.outcome == PartOutcome::Answered).count(), 2);
    let refused = lines.iter().filter(|line| line.code == Some(Code::LawQuotaExceeded));
    assert_eq!(refused.clone().count(), 38, "each hears why");
    let asked = refused.filter(|line| line.exchange.is_some()).count();
    assert!(asked < 18, "at most those that were in the air: {asked}");
    let never = lines.iter().filter(|line| line.open).count();
    assert_eq!(asked + never, 38, "who was not asked can be asked another day");
    assert_eq!(count(office.provider.app().db(), "receipt"), i64::try_from(2 + asked).unwrap());

    // Another day.
    tamper(&office.federation.provider, "DELETE FROM law_use".to_owned()).await;
    office.run(app, &key, &order).await;
    let (again, _) = office.lines(app, &id, None).await;
    assert_eq!(again.iter().filter(|line| line.outcome == PartOutcome::Answered).count(), 4, "two more");
    let ended = |line: &&PartAnswer| !line.open;
    for line in lines.iter().filter(ended) {
        assert!(again.contains(line), "who had an end keeps it");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_driver_died_goes_on_and_asks_nobody_twice() {
    for engine in ENGINES {
        let office = Office::open(engine, |_| {}).await;
        let app = &office.federation.consumer;
        let (key, order) = (office.federation.key(), office.order(&office.people(5).await));
        let id = app.open_batch(office.federation.system(), key, &order).await.unwrap();
        let first = app.claim_batch().await.unwrap().unwrap();
        tamper(app, "UPDATE inquiry SET lease_ms = 0".to_owned()).await;
        let restarted = office.federation.restart();
        let second = restarted.claim_batch().await.unwrap().unwrap();
        // The first asks everybody, and cannot write that down: as if it had died between the two.
        app.drive_batch(first).await.unwrap();
        assert_eq!((count(app.db(), "receipt"), ended(&office, &id).await), (6, 0), "five answers and one naming");
        restarted.drive_batch(second).await.unwrap();
        let (lines, last) = office.lines(&restarted, &id, None).await;
        assert_eq!((outcomes(&lines), last.state), (vec![ANSWERED; 5], BatchProgress::Ended), "{engine:?}");
        assert_eq!((count(app.db(), "receipt"), count(office.provider.app().db(), "receipt")), (6, 5), "each once");
        office.close().await;
    }
}

/// As many as a batch may have where tests run at full depth; else some pages of them.
fn many() -> usize {
    if std::env::var("VINIMAY_DEPTH").as_deref() == Ok("soak") { PERSONS } else { 150 }
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stdout)] // the figure, for whoever runs it alone
async fn a_batch_of_many_pages_asks_about_everybody_once() {
    let office = Office::open(Engine::Sqlite, |_| {}).await;
    let app = &office.federation.consumer;
    let order = office.order(&office.people(many()).await);
    let begun = app.clock().monotonic();
    let id = office.run(app, &office.federation.key(), &order).await;
    let took = app.clock().monotonic() - begun;
    let (lines, last) = office.lines(app, &id, None).await;
    println!("a batch of {} persons: {:.1} s", lines.len(), took.as_secs_f64());
    assert_eq!((lines.len(), last.state), (many(), BatchProgress::Ended));
    assert!(outcomes(&lines).into_iter().all(|outcome| outcome == ANSWERED));
    assert_eq!(count(office.provider.app().db(), "receipt"), i64::try_from(many()).unwrap(), "each once");
    office.close().await;
}

/// A question about a person of a batch, signed so many seconds ago by a process that died before it was sent.
async fn left_behind(office: &Office, key: &AskKey, (order, number): (&BatchOrder, &str), seconds: i64) -> Pending {
    let app = &office.federation.consumer;
    let question = question(order);
    let subject = office.subject(app, &number.replace("P-", "RID-"));
    let people = vec![subject];
    let sealed = app.named_to_provider(key, &question, &people).await.unwrap().remove(0).unwrap();
    let wanted = digest(&(&question, number)).unwrap();
    let (about, at) = (About { sealed, people }, app.now().plus(-seconds));
    app.begin_under_law(key, wanted, &question, (about, None), at).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_question_was_only_heard_too_late_is_asked_anew_and_nobody_is_used_twice() {
    for engine in ENGINES {
        let office = Office::open(engine, |registers| registers.law.quota.per_subject = 1).await;
        let app = &office.federation.consumer;
        let (key, order) = (office.federation.key(), office.order(&office.people(5).await));
        let id = app.open_batch(office.federation.system(), key.clone(), &order).await.unwrap();
        let of = |place: u32| AskKey::new(office.federation.system().name.clone(), key.clone()).part(place);
        let number = |place: usize| (&order, order.numbers[place].as_str());
        // Two that never reached the provider in time; one of them hears so from recovery, before any driver is there.
        left_behind(&office, &of(0), number(0), 300).await;
        app.hurry_open_questions().await.unwrap();
        assert_eq!(app.recover_questions().await.unwrap(), 1);
        left_behind(&office, &of(1), number(1), 300).await;
        // One that reached it: the answer was lost, and the use counts.
        let heard = left_behind(&office, &of(2), number(2), 0).await;
        app.send_once(heard.query.claims(), heard.query.jws().as_str()).await.unwrap();
        // One whose every turn was too late.
        let turns = [of(3), of(3).again().unwrap(), of(3).again().unwrap().again().unwrap()];
        assert!(turns[2].again().is_none());
        for turn in &turns {
            left_behind(&office, turn, number(3), 300).await;
        }

        let claimed = app.claim_batch().await.unwrap().unwrap();
        app.drive_batch(claimed).await.unwrap();
        let (lines, last) = office.lines(app, &id, None).await;
        let late = (PartOutcome::Refused, false, Some(Code::Stale));
        assert_eq!(outcomes(&lines), [ANSWERED, ANSWERED, ANSWERED, late, ANSWERED], "{engine:?}");
        assert_eq!((last.state, last.ended), (BatchProgress::Ended, 5));
        assert_eq!(lines[2].exchange.as_ref(), Some(&heard.query.claims().jti), "the question that was a use");
        let theirs = count(office.provider.app().db(), "receipt");
        assert_eq!(theirs, 4 + 5, "four answers, and five signed that they came too late");
        office.run(app, &key, &order).await;
        assert_eq!(office.lines(app, &id, None).await.0, lines, "and nobody is asked again");
        assert_eq!(count(office.provider.app().db(), "receipt"), theirs);
        office.close().await;
    }
}

async fn ended(office: &Office, id: &MessageId) -> u32 {
    let id = id.clone();
    let read = office.federation.consumer.db().read(move |conn| Ok::<_, DatabaseError>(parts_ended(conn, &id)?));
    read.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_stops_when_nobody_names_its_people_and_goes_on_when_somebody_does() {
    let office = Office::open(Engine::Sqlite, |_| {}).await;
    let app = office.federation.consumer.clone();
    let (key, order) = (office.federation.key(), office.order(&office.people(3).await));
    let Office { federation, provider, registry } = office;
    registry.stop().await.unwrap();
    let id = app.open_batch(federation.system(), key.clone(), &order).await.unwrap();
    let claimed = app.claim_batch().await.unwrap().unwrap();
    app.drive_batch(claimed).await.unwrap();
    let office = Office { registry: federation.serve_registry().await, provider, federation };
    let (lines, last) = office.lines(&app, &id, None).await;
    let unnamed = (PartOutcome::Unavailable, true, Some(Code::PeerUnavailable));
    assert_eq!(
        (outcomes(&lines), last.state, last.code),
        (vec![unnamed; 3], BatchProgress::Stopped, Some(Code::PeerUnavailable))
    );
    assert_eq!(count(office.provider.app().db(), "receipt"), 0, "nobody was asked about");

    office.run(&app, &key, &order).await;
    assert_eq!(outcomes(&office.lines(&app, &id, None).await.0), [ANSWERED; 3]);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_batch_is_refused_and_written_down() {
    let federation = Federation::start().await;
    let (app, system) = (federation.consumer.clone(), federation.system());
    let law = federation.world.law.clone();
    let good = BatchOrder {
        case: "CG-2026-118".parse().unwrap(),
        purpose: law.purpose.clone(),
        officer: "officer-1".parse().unwrap(),
        law: law.id.clone(),
        provider: law.provider.clone(),
        dataset: law.allowed.dataset.clone(),
        fields: law.allowed.fields.clone(),
        predicates: Vec::new(),
        numbers: vec!["P-1".to_owned()],
    };
    type Bend = fn(&mut BatchOrder);
    let table: [(&str, Code, Bend); 7] = [
        ("nobody", Code::RequestMalformed, |order| order.numbers.clear()),
        ("one more than ten thousand", Code::RequestMalformed, |order| {
            order.numbers = (0..=PERSONS).map(|n| format!("P-{n}")).collect();
        }),
        ("a person twice", Code::RequestMalformed, |order| order.numbers = vec!["P-1".to_owned(), "P-1".to_owned()]),
        ("a number that is none", Code::RequestMalformed, |order| order.numbers = vec!["P\n1".to_owned()]),
        ("nothing to ask", Code::RequestMalformed, |order| order.fields.clear()),
        ("a law that is not registered", Code::LawNotRegistered, |order| order.law = "another-law".parse().unwrap()),
        ("a foreign purpose", Code::AccessDenied, |order| order.purpose = "food.ration".parse().unwrap()),
    ];
    for (why, code, bend) in table {
        let mut bent = good.clone();
        bend(&mut bent);
        let refused = app.open_batch(system, federation.key(), &bent).await.unwrap_err();
        assert_eq!(refused.code(), code, "{why}");
    }
    let mut other = system.clone();
    other.may = vec![SystemRight::Ask];
    assert_eq!(app.open_batch(&other, federation.key(), &good).await.unwrap_err().code(), Code::AccessDenied);
    assert_eq!((count(app.db(), "inquiry"), count(app.db(), "audit_trail")), (0, 8 + AUDITED_BEFORE));

    let key = federation.key();
    let id = app.open_batch(system, key.clone(), &good).await.unwrap();
    let mut another = good.clone();
    another.numbers.push("P-2".to_owned());
    assert_eq!(
        app.open_batch(system, key, &another).await.unwrap_err().code(),
        Code::Conflict,
        "a key names one batch"
    );
    assert!(app.look_at_batch(&system.name, &id).await.is_ok());
    let stranger = "tax-portal".parse().unwrap();
    assert_eq!(app.look_at_batch(&stranger, &id).await.unwrap_err().code(), Code::NotFound, "another system's batch");
}

/// `init` and `join`.
const AUDITED_BEFORE: i64 = 2;

async fn refused_emergencies(app: &crate::app::App) -> usize {
    use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        outcome: String,
    }
    let query = "SELECT outcome FROM audit_trail WHERE action = 'break-glass.open' AND code = 'access-denied'";
    let rows = app.db().read(move |conn| Ok::<_, DatabaseError>(sql_query(query).load::<Row>(conn)?)).await;
    rows.unwrap().iter().filter(|row| row.outcome == "refused").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_is_one_persons_with_a_reason_and_is_stored_with_its_review() {
    let office = Office::open(Engine::Sqlite, |registers| registers.law.break_glass = true).await;
    let app = &office.federation.consumer;
    let numbers = office.people(1).await;
    let order = office.order(&numbers);
    let part = |reason: Option<&str>| {
        QueryPart::Law(LawPart {
            law: order.law.clone(),
            provider: order.provider.clone(),
            dataset: order.dataset.clone(),
            fields: order.fields.clone(),
            predicates: Vec::new(),
            subject: PersonReference::Number(numbers[0].clone()),
            reason: reason.map(str::to_owned),
            person: None,
        })
    };
    let parts = vec![part(None), part(Some("!")), part(Some("She lies unconscious and nobody knows her."))];
    let key = office.federation.key();
    let account = "INSERT INTO account (name, person, display, roles, disabled_ms, made_ms) VALUES ";
    tamper(app, format!("{account} ('lata', 'officer-1', x'00', '', 1, 1), ('lata-2', 'lata', x'00', '', NULL, 1)"))
        .await;
    let unknown =
        app.ask_case(office.federation.system(), office.federation.key(), &case(vec![parts[2].clone()])).await.unwrap();
    assert_eq!(outcomes(&unknown.parts), [(PartOutcome::Refused, false, Some(Code::AccessDenied))]);
    assert_eq!(
        (count(app.db(), "break_glass"), refused_emergencies(app).await),
        (0, 1),
        "only who has an open account"
    );
    tamper(app, format!("{account} ('lata-1', 'officer-1', x'00', '', NULL, 1)")).await;
    let view = app.ask_case(office.federation.system(), key.clone(), &case(parts.clone())).await.unwrap();
    let no_reason = (PartOutcome::Refused, false, Some(Code::ReasonMissing));
    assert_eq!(outcomes(&view.parts), [no_reason, no_reason, ANSWERED]);
    assert_eq!(count(app.db(), "break_glass"), 1, "one use, with its review");
    let again = app.ask_case(office.federation.system(), key, &case(parts)).await.unwrap();
    assert_eq!((again, count(app.db(), "break_glass")), (view, 1));
    let used = app.open_reviews().await.unwrap().remove(0);
    let reason = "The ward book confirms it".parse().unwrap();
    let review = Review { exchange: used.exchange, outcome: Outcome::Upheld, reason };
    let herself = Officer { name: "officer-1".parse().unwrap(), key: None };
    let decided = app.decide_review(herself, review).await.unwrap_err();
    assert!(matches!(decided, ReviewError::Refused(refusal) if refusal.code() == Code::FourEyesRequired));
    let batch = app.open_batch(office.federation.system(), office.federation.key(), &order).await.unwrap_err();
    assert_eq!(batch.code(), Code::ReasonMissing, "an emergency is no batch");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_asked_about_under_a_law_by_number_or_by_pseudonym() {
    let office = Office::open(Engine::Sqlite, |_| {}).await;
    let app = &office.federation.consumer;
    let numbers = office.people(1).await;
    let order = office.order(&numbers);
    let sub = office.subject(app, "RID-1000");
    let part = |subject: PersonReference, reason: Option<&str>| {
        QueryPart::Law(LawPart {
            law: order.law.clone(),
            provider: order.provider.clone(),
            dataset: order.dataset.clone(),
            fields: order.fields.clone(),
            predicates: Vec::new(),
            subject,
            reason: reason.map(str::to_owned),
            person: None,
        })
    };
    let number = |number: &str| PersonReference::Number(number.to_owned());
    let parts = vec![
        part(number(&numbers[0]), None),
        part(PersonReference::Sub(sub), None),
        part(number("P-unknown"), None),
        part(number(&numbers[0]), Some("She is in danger, now.")),
    ];
    let key = office.federation.key();
    let view = app.ask_case(office.federation.system(), key.clone(), &case(parts.clone())).await.unwrap();
    let nobody = (PartOutcome::Refused, false, Some(Code::NotFoundOrNotPermitted));
    let no_emergency = (PartOutcome::Refused, false, Some(Code::LawScopeExceeded));
    assert_eq!(outcomes(&view.parts), [ANSWERED, ANSWERED, nobody, no_emergency]);
    assert_eq!(view.parts[0].record, view.parts[1].record);
    let again = app.ask_case(office.federation.system(), key, &case(parts)).await.unwrap();
    assert_eq!(again, view, "a repeated request has nobody named and asks nobody");
    office.close().await;
}
