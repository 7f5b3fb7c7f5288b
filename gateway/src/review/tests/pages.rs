//! By page: a removal is reviewed, objected to at the counter, reversed; nobody is removed without a delivered notice.

use schemas::{decision::DeliveryEvidence, event::EventMatch, id::MessageId, problem::Code, scheme::DecisionState};

use super::world::*;
use crate::{decisions::run, http::people::pages::tests::html::check, review::ReviewAct};

const HELD: &str = "101=HOLD 102=ACTIVE";
const ACTIVE: &str = "101=ACTIVE 102=ACTIVE";

fn decide<'a>(decision: &'a MessageId, outcome: &'a str, reason: &'a str) -> [(&'a str, &'a str); 3] {
    [("decision", decision.as_str()), ("outcome", outcome), ("reason", reason)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_is_looked_at_objected_to_at_the_counter_and_reversed_by_two_persons_not_two_accounts() {
    let (served, decision) = World::open().await.served().await;
    assert_eq!(served.roll(), HELD);
    let counter = served.officer("meena", "operator").await;
    let asha = served.officer("asha", "reviewer").await;
    let also_asha = served.office.account_of("asha2", "asha", "reviewer").await;
    let binod = served.officer("binod", "reviewer").await;
    let address = format!("/console/review/{decision}");

    let page = asha.get(&address).await;
    check(&page, "en", "the evidence");
    assert!(page.body.contains("No time runs yet: no notice has arrived."), "{}", page.body);
    assert!(
        page.body.contains("data-state=\"held\"") && page.body.contains("data-value=\"number\">101<"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("data-do=\"decide\""), "nothing waits for an officer yet");
    let early = post(&asha, "/console/review/decide", &decide(&decision, "upheld", WHY)).await;
    assert_eq!(refusal(&early), "409 conflict", "nobody objects, nobody decides");

    for (case, number, wanted) in [
        ("case-D-1", "102", "404 not-found"),
        ("case-D-2", "101", "404 not-found"),
        ("no case", "101", "404 not-found"),
    ] {
        let found = post(&counter, "/console/objections/find", &[("case", case), ("number", number)]).await;
        assert_eq!(refusal(&found), wanted, "{case} {number}");
    }
    let found = post(&counter, "/console/objections/find", &[("case", " case-D-1 "), ("number", "101")]).await;
    check(&found, "en", "what the letter is about");
    assert!(found.body.contains(decision.as_str()), "{}", found.body);
    let papers = "Life certificate, Tehsildar Dhamtari\n\n Ration card ";
    let said = [("decision", decision.as_str()), ("words", "I live."), ("papers", papers)];
    let slip = post(&counter, "/console/objections", &said).await;
    check(&slip, "en", "a slip");
    let number = slip.body.split_once("data-slip=\"").unwrap().1.split('"').next().unwrap().to_owned();
    assert_eq!(number.len(), 8);
    let receipt = "data-value=\"receipt\">sha";
    for text in ["आपकी आपत्ति ले ली गई है", "Your objection was taken", "Ration card", receipt, "<svg"]
    {
        assert!(slip.body.contains(text), "{text}: {}", slip.body);
    }
    assert!(!slip.body.contains("I live.") && !slip.body.contains("Sushila"), "a slip names nobody");
    let again = post(&counter, "/console/objections", &said).await;
    assert!(again.body.contains(&number), "the same objection, the same slip");

    let list = asha.get("/console/review?lang=hi").await;
    check(&list, "hi", "what waits");
    assert!(list.body.contains("आपत्तियाँ") && list.body.contains(&address), "{}", list.body);
    asha.get("/console/review?lang=en").await;
    let page = binod.get(&address).await;
    assert!(page.body.contains("I live.") && page.body.matches("Ration card").count() == 1, "{}", page.body);
    assert!(page.body.contains("the time to object stands still"), "{}", page.body);

    assert_eq!(
        refusal(&post(&asha, "/console/review/decide", &decide(&decision, "reversed", "yes")).await),
        "400 reason-missing"
    );
    let first = post(&asha, "/console/review/decide", &decide(&decision, "reversed", WHY)).await;
    assert_eq!(first.header("location"), format!("{address}?done=second-needed"));
    assert!(asha.get(&address).await.body.contains("Another person must hear the objection now."));
    for other in [&asha, &also_asha] {
        let refused = post(other, "/console/review/decide", &decide(&decision, "reversed", WHY)).await;
        assert_eq!(refusal(&refused), "403 four-eyes-required", "two accounts of one person");
        check(&refused, "en", "a refusal");
    }
    assert_eq!(served.roll(), HELD);
    assert!(binod.get(&address).await.body.contains("asha has said that the objection is right."));
    let second = post(&binod, "/console/review/decide", &decide(&decision, "reversed", WHY)).await;
    assert_eq!(second.header("location"), format!("{address}?done=decision-reversed"));
    assert_eq!(served.roll(), ACTIVE);
    let after = binod.get(&address).await;
    check(&after, "en", "a reversed decision");
    assert!(after.body.contains("data-state=\"reversed\"") && after.body.matches(WHY).count() == 2, "{}", after.body);
    let audit = served.office.audit().await;
    for line in [
        "asha decision.look DECISION done",
        "meena decision.look counter refused not-found",
        "meena decision.look DECISION done",
        "meena decision.objection DECISION done",
        "asha decision.review DECISION refused conflict",
        "asha decision.review DECISION refused reason-missing",
        "asha2 decision.review DECISION refused four-eyes-required",
        "binod decision.review DECISION done",
    ] {
        let line = line.replace("DECISION", decision.as_str());
        assert!(audit.contains(&line), "{line} in {audit:#?}");
    }
    served.office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_removed_without_a_delivered_notice_by_any_page() {
    let (served, decision) = World::open().await.served().await;
    let asha = served.officer("asha", "reviewer operator").await;
    let binod = served.officer("binod", "reviewer").await;
    let id = decision.as_str();
    for (browser, path, fields, wanted) in [
        (&asha, "/console/review/decide", decide(&decision, "upheld", WHY).to_vec(), "409 conflict"),
        (&binod, "/console/review/decide", decide(&decision, "upheld", WHY).to_vec(), "409 conflict"),
        (&asha, "/console/review/delivered", vec![("decision", id), ("evidence", "wallet")], "409 conflict"),
        (&asha, "/console/review/delivered", vec![("decision", id), ("evidence", "hearsay")], "400 request-malformed"),
        (
            &asha,
            "/console/review/breakers",
            vec![("scheme", "death-hold@1"), ("people", "9"), ("certain", "yes")],
            "409 conflict",
        ),
    ] {
        assert_eq!(refusal(&post(browser, path, &fields).await), wanted, "{path} {fields:?}");
    }
    let letter = post(&asha, "/console/review/letter", &[("decision", id)]).await;
    check(&letter, "en", "a letter");
    for text in ["case-D-1", "within 30 days", "30 दिन के भीतर", "101", "<svg"] {
        assert!(letter.body.contains(text), "{text}: {}", letter.body);
    }
    assert!(!letter.body.contains("Sushila"), "the department's files have her name");
    assert!(
        asha.get(&format!("/console/review/{decision}")).await.body.contains("It has not arrived as far as we know"),
        "printed is not delivered"
    );
    let (app, status) = served.closed().await;
    app.decisions().go_ahead(400 * 86_400);
    run(&app).await.unwrap();
    assert_eq!(status(), "HOLD", "an undelivered notice removes nobody, however long it lies there");
    let act = ReviewAct::Delivered { decision: decision.clone(), evidence: DeliveryEvidence::Officer };
    app.review_act(&"asha".parse().unwrap(), act).await.unwrap();
    run(&app).await.unwrap();
    assert_eq!(status(), "HOLD", "the window runs from the delivery");
    app.decisions().go_ahead(31 * 86_400);
    run(&app).await.unwrap();
    assert_eq!(status(), "REMOVED", "after a delivered notice and its window");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_an_officer_enters_starts_the_time_once_in_her_name() {
    let (served, decision) = World::open().await.served().await;
    let asha = served.officer("asha", "reviewer").await;
    let arrived = [("decision", decision.as_str()), ("evidence", "officer")];
    let entered = post(&asha, "/console/review/delivered", &arrived).await;
    assert_eq!(entered.header("location"), format!("/console/review/{decision}?done=notice-delivered"));
    let page = asha.get(&format!("/console/review/{decision}?done=notice-delivered")).await;
    check(&page, "en", "a delivered notice");
    for text in
        ["The time to object runs.", "The person may object until", "Entered by asha.", "data-state=\"noticed\""]
    {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert_eq!(refusal(&post(&asha, "/console/review/delivered", &arrived).await), "409 conflict", "once");
    let unknown = "01936b1e-5b2f-7c3d-8e4f-0123456789ab";
    assert_eq!(
        refusal(&post(&asha, "/console/review/delivered", &[("decision", unknown), ("evidence", "officer")]).await),
        "404 not-found"
    );
    assert_eq!(refusal(&post(&asha, "/console/review/letter", &[("decision", unknown)]).await), "404 not-found");
    assert_eq!(refusal(&asha.get(&format!("/console/review/{unknown}")).await), "404 not-found");
    assert_eq!(refusal(&asha.get("/console/review/nonsense").await), "404 not-found");
    served.office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hearsay_is_closed_by_an_officer_and_removes_nobody_whatever_she_says() {
    let world = World::open().await;
    world.hears(&world.hearsay("budhram", "R-1")).await;
    let flag = world.app.review_list().await.unwrap()[0].decision.clone();
    let served = world.serve().await;
    let asha = served.officer("asha", "reviewer").await;
    let page = asha.get(&format!("/console/review/{flag}")).await;
    check(&page, "en", "a flag");
    assert!(
        page.body.contains("I have looked at it; nothing is taken away.") && !page.body.contains("value=\"upheld\""),
        "{}",
        page.body
    );
    let upheld = post(&asha, "/console/review/decide", &decide(&flag, "upheld", WHY)).await;
    assert_eq!(refusal(&upheld), "409 conflict");
    let seen = post(&asha, "/console/review/decide", &decide(&flag, "reversed", WHY)).await;
    assert_eq!(seen.header("location"), format!("/console/review/{flag}?done=decision-dropped"));
    assert!(asha.get("/console/review").await.body.contains("Nothing waits for an officer."));
    assert_eq!(served.roll(), ACTIVE);
    served.office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_and_form_is_for_its_roles_with_its_token() {
    let (served, decision) = World::open().await.served().await;
    let (reviewer, operator, centre, observer, auditor) = (
        served.officer("asha", "reviewer").await,
        served.officer("meena", "operator").await,
        served.officer("kiran", "centre-operator").await,
        served.officer("ravi", "observer").await,
        served.officer("lata", "auditor").await,
    );
    let case = format!("/console/review/{decision}");
    for (path, allowed, denied) in [
        ("/console/review", vec![&reviewer], vec![&operator, &centre, &observer, &auditor]),
        (case.as_str(), vec![&reviewer], vec![&operator, &centre, &observer, &auditor]),
        ("/console/review/breakers", vec![&reviewer], vec![&operator, &observer]),
        ("/console/objections", vec![&reviewer, &operator, &centre], vec![&observer, &auditor]),
        ("/console/matching", vec![&operator], vec![&reviewer, &centre, &observer, &auditor]),
        ("/console/triggers", vec![&reviewer, &operator, &observer, &auditor], vec![&centre]),
        ("/console/triggers/case-D-1", vec![&reviewer, &observer], vec![&centre]),
        ("/console/rolls", vec![&reviewer, &auditor], vec![&operator, &centre, &observer]),
    ] {
        for browser in allowed {
            for (tag, language) in [("en", "en"), ("hi", "hi"), ("hi-u-nu-deva", "hi")] {
                let page = browser.get(&format!("{path}?lang={tag}")).await;
                assert_eq!(page.status, 200, "{path}: {}", page.body);
                check(&page, language, path);
            }
            browser.get("/console?lang=en").await;
        }
        for browser in denied {
            assert_eq!(refusal(&browser.get(path).await), "403 access-denied", "{path}");
        }
    }
    let id = decision.as_str();
    for (path, fields) in [
        ("/console/review/decide", decide(&decision, "reversed", WHY).to_vec()),
        ("/console/review/delivered", vec![("decision", id), ("evidence", "officer")]),
        ("/console/review/letter", vec![("decision", id)]),
        ("/console/review/places", vec![]),
        ("/console/review/breakers", vec![("scheme", "x"), ("people", "1"), ("certain", "yes")]),
        ("/console/objections/find", vec![("case", "case-D-1"), ("number", "101")]),
        ("/console/objections", vec![("decision", id), ("words", ""), ("papers", "")]),
        ("/console/rolls/verify", vec![("roll", "social.pension")]),
    ] {
        assert_eq!(refusal(&post(&observer, path, &fields).await), "403 access-denied", "{path}");
        assert_eq!(refusal(&reviewer.post(path, &fields).await), "403 form-foreign", "{path}");
    }
    for (path, fields) in [
        (
            "/console/matching",
            vec![
                ("source", "https://civil.localhost"),
                ("event", id),
                ("role", "subject"),
                ("meant", "nobody"),
                ("number", ""),
            ],
        ),
        ("/console/triggers/replay", vec![("subscriber", "https://food.localhost")]),
    ] {
        assert_eq!(refusal(&post(&observer, path, &fields).await), "403 access-denied", "{path}");
        assert_eq!(refusal(&operator.post(path, &fields).await), "403 form-foreign", "{path}");
        assert_eq!(
            refusal(&post(&operator, path, &fields).await),
            "404 not-found",
            "{path}: nothing of the kind is there"
        );
    }
    assert_eq!(served.roll(), HELD, "nothing of it did anything");
    served.office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_says_who_is_meant_or_that_nobody_is() {
    let world = World::open().await;
    let of = |name: &str, year| EventMatch { name: name.to_owned(), birth_year: Some(year) };
    world.hears(&world.death("stranger", "D-7", of("Nobody Here", 1931))).await;
    world.hears(&world.death("namesake", "D-8", of("Budhram  NETAM", 1950))).await;
    let mut queue = world.app.match_queue().await.unwrap();
    queue.sort_by_key(|item| item.about.birth_year);
    let (stranger, namesake) = (queue[0].key.event.clone(), queue[1].key.event.clone());
    let served = world.serve().await;
    let meena = served.officer("meena", "operator").await;
    let page = meena.get("/console/matching").await;
    check(&page, "en", "who is meant");
    for text in ["Nobody Here", "1931", "Budhram  NETAM", "That is not enough to act upon.", "<dd>102</dd>"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    let say = |event: &MessageId, meant: &'static str, number: &'static str| {
        let event = event.to_string();
        let source = "https://civil.localhost".to_owned();
        [
            ("source", source),
            ("event", event),
            ("role", "subject".to_owned()),
            ("meant", meant.to_owned()),
            ("number", number.to_owned()),
        ]
    };
    for (event, meant, number, wanted) in [
        (&namesake, "somebody", "", "400 request-malformed"),
        (&namesake, "everybody", "", "400 request-malformed"),
        (&namesake, "somebody", "102", "409 conflict"),
    ] {
        let fields = say(event, meant, number);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(
            refusal(&post(&meena, "/console/matching", &fields).await),
            wanted,
            "{meant} {number}: the number is another person's"
        );
    }
    for event in [&stranger, &namesake] {
        let fields = say(event, "nobody", "");
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let done = post(&meena, "/console/matching", &fields).await;
        assert_eq!(done.header("location"), "/console/matching?done=matched-nobody");
        assert_eq!(refusal(&post(&meena, "/console/matching", &fields).await), "404 not-found", "once");
    }
    assert!(meena.get("/console/matching").await.body.contains("Nobody waits for a decision."));
    assert_eq!(served.roll(), ACTIVE);
    served.office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_proposed_it_is_known_and_an_upheld_objection_removes_after_two_persons() {
    let (served, decision) = World::open().await.served().await;
    let (asha, binod) = (served.officer("asha", "reviewer").await, served.officer("binod", "reviewer").await);
    let chitra = served.officer("chitra", "reviewer").await;
    let said = [("decision", decision.as_str()), ("words", ""), ("papers", "")];
    assert_eq!(post(&chitra, "/console/objections", &said).await.status, 200, "an objection needs no words");
    let against = post(&chitra, "/console/review/decide", &decide(&decision, "upheld", WHY)).await;
    assert_eq!(refusal(&against), "403 four-eyes-required", "who wrote it down does not say that it is wrong");
    for (browser, outcome, done) in [
        (&asha, "upheld", "second-needed"),
        (&binod, "reversed", "heard-anew"),
        (&binod, "upheld", "second-needed"),
        (&asha, "upheld", "decision-upheld"),
    ] {
        let heard = post(browser, "/console/review/decide", &decide(&decision, outcome, WHY)).await;
        assert_eq!(heard.header("location"), format!("/console/review/{decision}?done={done}"));
    }
    let page = asha.get(&format!("/console/review/{decision}")).await;
    check(&page, "en", "an upheld removal");
    let state = served.office.running.app().decisions_in_case(&"case-D-1".parse().unwrap()).await.unwrap()[0].state;
    assert!(matches!(state, DecisionState::Upheld | DecisionState::Removed), "{state:?}");
    assert_eq!(
        refusal(&post(&asha, "/console/objections", &said).await),
        format!("409 {}", Code::Conflict),
        "too late"
    );
    served.office.close().await;
}
