//! By command: with a key that another officer confirmed, as the account that handed it in, once.

use schemas::{
    decision::{AppealRoute, DeliveryEvidence},
    id::{MessageId, SystemName},
    problem::Code,
    scheme::DecisionState,
};

use super::world::*;
use crate::{
    decisions::OfficerRefused,
    people::{By, Change},
    review::{
        ReviewAct, ReviewDone,
        commands::{Done, ReviewCommandError, Waiting, review_act, review_find, review_list, review_show},
        order::sign_review_order,
    },
};

fn reverse(decision: &MessageId) -> ReviewAct {
    ReviewAct::Decide { decision: decision.clone(), upheld: false, reason: WHY.to_owned() }
}

fn uphold(decision: &MessageId) -> ReviewAct {
    ReviewAct::Decide { decision: decision.clone(), upheld: true, reason: WHY.to_owned() }
}

fn code(refused: Result<ReviewDone, OfficerRefused>) -> Code {
    refused.unwrap_err().code()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_counts_by_a_confirmed_key_of_that_account_for_this_department_once() {
    let (served, decision) = World::open().await.served().await;
    let _ = (
        served.officer("asha", "reviewer").await,
        served.officer("ravi", "reviewer").await,
        served.officer("meena", "operator").await,
    );
    let app = served.office.running.app().clone();
    let (key, open, others) = (
        served.key("asha", "asha", true).await,
        served.key("asha", "asha", false).await,
        served.key("meena", "meena", true).await,
    );
    let (asha, ravi, meena): (SystemName, SystemName, SystemName) =
        ("asha".parse().unwrap(), "ravi".parse().unwrap(), "meena".parse().unwrap());
    let now = app.now();
    let elsewhere = "https://food.localhost".parse().unwrap();
    let act = ReviewAct::Delivered { decision: decision.clone(), evidence: DeliveryEvidence::Officer };
    let order = |key, entity, account, at| sign_review_order(key, (entity, account), act.clone(), at).unwrap();
    let us = app.entity();
    for (what, account, order, wanted) in [
        ("a key that nobody confirmed", &asha, order(&open, us, &asha, now), Code::AccessDenied),
        ("another account's key", &ravi, order(&key, us, &ravi, now), Code::AccessDenied),
        ("an operator's key", &meena, order(&others, us, &meena, now), Code::AccessDenied),
        ("for another department", &asha, order(&key, &elsewhere, &asha, now), Code::SignatureInvalid),
        ("for another account", &asha, order(&key, us, &ravi, now), Code::SignatureInvalid),
        ("two days old", &asha, order(&key, us, &asha, now.plus(-2 * 86_400)), Code::SignatureInvalid),
        ("no order at all", &asha, "aa.bb.cc".parse().unwrap(), Code::RequestMalformed),
    ] {
        let refused = code(app.take_review_order(account, &order).await);
        // What is no token has no issuer either.
        assert!(
            refused == wanted || (what.starts_with("no order") && refused == Code::AccessDenied),
            "{what}: {refused}"
        );
    }
    let good = order(&key, us, &asha, now);
    assert_eq!(app.take_review_order(&asha, &good).await.unwrap(), ReviewDone::Delivered);
    assert_eq!(code(app.take_review_order(&asha, &good).await), Code::Replayed);
    app.officers().change(By::CommandLine, asha.clone(), Change::Disable).await.unwrap();
    let closed = order(&key, us, &asha, app.now());
    assert_eq!(code(app.take_review_order(&asha, &closed).await), Code::AccessDenied, "a closed account");
    let audit = served.office.audit().await;
    for line in [
        "asha review.order review refused access-denied",
        "asha review.order review refused signature-invalid",
        "asha review.order review refused replayed",
    ] {
        assert!(audit.contains(&line.to_owned()), "{line} in {audit:#?}");
    }
    served.office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_persons_reverse_by_command_and_two_accounts_of_one_do_not() {
    let (served, decision) = World::open().await.served().await;
    let (office, mut keys) = (&served.office, Vec::new());
    for (account, person) in [("asha", "asha"), ("asha2", "asha"), ("binod", "binod")] {
        let _browser = office.account_of(account, person, "reviewer").await;
        let key = served.key(account, person, true).await;
        let file = office.department.path(&format!("{account}.pem"));
        std::fs::write(&file, &*key.to_pem().unwrap()).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        keys.push((account.parse::<SystemName>().unwrap(), file));
    }
    let (config, clock) = (office.department.path("gateway.toml"), office.department.clock.clone());
    let act = async |officer: usize, act: ReviewAct| {
        let (account, file) = &keys[officer];
        review_act(&config, (account, file), act, &clock).await
    };
    let refused = |done: Result<Done, ReviewCommandError>| match done {
        Err(ReviewCommandError::Refused { source }) => source.code(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(act(0, uphold(&decision)).await), Code::Conflict, "no removal without a delivered notice");
    let evidence = review_show(&config, &decision, &clock).await.unwrap();
    let (case, number) = (evidence.summary.case.clone(), evidence.item.local.clone().unwrap());
    let find = async |account: &str, number: &str| {
        review_find(&config, &account.parse().unwrap(), (&case, number), &clock).await
    };
    assert_eq!(find("asha", number.as_str()).await.unwrap().decision, decision, "by what stands on her letter");
    let code = |found: Result<Waiting, ReviewCommandError>| match found {
        Err(ReviewCommandError::Refused { source }) => source.code(),
        other => panic!("{other:?}"),
    };
    assert_eq!(code(find("asha", "another number").await), Code::NotFound);
    assert_eq!(code(find("nobody", number.as_str()).await), Code::AccessDenied);
    assert_eq!(find("asha", number.as_str()).await.unwrap().decision, decision);
    let object = |words: &str| ReviewAct::Object {
        decision: decision.clone(),
        route: AppealRoute::Operator,
        words: words.to_owned(),
        papers: vec!["Ration card".to_owned()],
    };
    let Done::Entered { slip } = act(0, object("I live.")).await.unwrap() else { panic!("no slip") };
    assert_eq!(slip.text["hi"].lines.len(), 7);
    let list = review_list(&config, &clock).await.unwrap();
    assert_eq!((list.waiting.len(), list.waiting[0].objection, list.stopped.len()), (1, true, 0));
    assert_eq!(act(0, reverse(&decision)).await.unwrap(), Done::SecondNeeded);
    assert_eq!(refused(act(0, reverse(&decision)).await), Code::FourEyesRequired);
    let error = act(1, reverse(&decision)).await.unwrap_err();
    assert!(
        error.to_string().contains("four-eyes-required")
            && error.to_string().contains("mend: let another person do it"),
        "{error}"
    );
    assert_eq!(act(2, reverse(&decision)).await.unwrap(), Done::Decided { state: DecisionState::Reversed });
    assert_eq!(served.roll(), "101=ACTIVE 102=ACTIVE");
    let evidence = review_show(&config, &decision, &clock).await.unwrap();
    assert_eq!((evidence.steps.len() > 3, evidence.confirmed_by.len(), evidence.notes.len()), (true, 2, 3));
    let printed = serde_json::to_string(&evidence).unwrap();
    for hidden in ["I live", WHY, "\"101\"", "Sushila", "Ration card"] {
        assert!(!printed.contains(hidden), "{hidden}: {printed}");
    }
    let unknown = "01936b1e-5b2f-7c3d-8e4f-0123456789ab".parse().unwrap();
    assert!(matches!(review_show(&config, &unknown, &clock).await, Err(ReviewCommandError::Unknown)));
    served.office.close().await;
}
