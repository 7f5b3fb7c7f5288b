//! What is known of what others pay: nothing, until it is stated.

use eligibility::fact::{Benefit, Of};
use schemas::{decision::DecisionAction, digest::Digest, scheme::DecisionState};

use super::world::*;
use crate::decisions::facts::{Says, Stated};

/// The pension for widows, for whoever draws no other pension.
fn with_exclusion(of: &str, more: &str) -> String {
    let clause = format!(
        "[[clause]]\nid = \"X1\"\nkind = \"exclude\"\nenrolled = {of}\n\
         text = {{ en = \"Draws another pension\", hi = \"दूसरी पेंशन\" }}\nref = \"Test rules, para 2\"\n{more}\n[benefit]\n"
    );
    WIDOWS.replacen("[benefit]\n", &clause, 1)
}

/// `minute`: of two words of one source the later one counts.
async fn finance_says(world: &World, name: &str, minute: i64, drawn: Vec<Benefit>, whole: &[&str]) {
    let now = world.now();
    let id = protocol::seal::random::message_id(now);
    let stated = Stated {
        source: "https://finance.localhost".parse().unwrap(),
        receipt: Digest::of(id.as_str()),
        id,
        effective: now.civil_day(),
        recorded: now.plus(minute * 60),
        says: Says::Benefits { drawn, whole: whole.iter().map(|class| Of::Class((*class).to_owned())).collect() },
    };
    assert!(world.app.state_facts(&world.subject(name), stated).await.unwrap());
}

fn family_pension(world: &World) -> Benefit {
    Benefit {
        scheme: "TREASURY-FAMILY".to_owned(),
        class: "pension".to_owned(),
        since: world.today(),
        until: None,
        monthly: Some(9000),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_pension_is_not_offered_while_nobody_said_that_there_is_none() {
    let world = World::by_scheme(&with_exclusion("{ class = \"pension\", other_than_self = true }", "")).await;
    world.hears(&world.widowed("rukmini", "D-9")).await;
    assert_eq!(world.decisions("rukmini").await.len(), 0, "whether she draws one is unknown");
    finance_says(&world, "rukmini", 1, vec![], &["ration"]).await;
    assert_eq!(world.decisions("rukmini").await.len(), 0, "nor do rations tell");
    finance_says(&world, "rukmini", 2, vec![], &["pension"]).await;
    let offer = world.only("rukmini").await;
    assert_eq!((offer.action, offer.state), (DecisionAction::Offer, DecisionState::Offered));
    let clause = offer.matter.clauses.iter().find(|clause| clause.id.as_str() == "X1").unwrap();
    assert_eq!(clause.facts[0].source.as_str(), "https://finance.localhost", "and who said so is on record");
    finance_says(&world, "rukmini", 3, vec![family_pension(&world)], &["pension"]).await;
    assert_eq!(world.only("rukmini").await.state, DecisionState::Withdrawn, "she draws one now");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_in_payment_stays_while_it_is_unknown_whether_others_pay_her() {
    let world = World::by_scheme(&with_exclusion("{ class = \"pension\", other_than_self = true }", "")).await;
    world.hears(&world.widowed("sushila", "D-9")).await;
    assert_eq!(world.decisions("sushila").await.len(), 0, "unknown removes nobody");
    finance_says(&world, "sushila", 4, vec![family_pension(&world)], &[]).await;
    let leaves = world.only("sushila").await;
    assert_eq!((leaves.action, leaves.state), (DecisionAction::Remove, DecisionState::Proposed), "an officer looks");
    finance_says(&world, "sushila", 5, vec![], &["pension"]).await;
    assert_eq!(world.only("sushila").await.state, DecisionState::Withdrawn);
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_roll_answers_for_whoever_is_linked_to_a_number_of_her_own() {
    let world = World::by_scheme_beside(&with_exclusion("{ scheme = \"T-OLD\" }", ""), "T-OLD").await;
    world.hears(&world.widowed("rukmini", "D-9")).await;
    assert_eq!(
        world.decisions("rukmini").await.len(),
        0,
        "she may stand there under a number that nobody connected with her"
    );
    world.link("rukmini", "150").await;
    world.days(0).await;
    assert_eq!(world.only("rukmini").await.state, DecisionState::Offered, "the roll has nobody under that number");
    world.enter(
        "INSERT INTO pension_beneficiary VALUES (160, 'ENDED', NULL, NULL, NULL, 500, 'Kamla Bai', '1951-05-05')",
    );
    world.link("kamla", "160").await;
    world.hears(&world.widowed("kamla", "D-8")).await;
    assert_eq!(world.decisions("kamla").await.len(), 0, "what that word of the department's own means is not known");
    world.link("phoolbai", "170").await;
    world.link("another phoolbai", "170").await;
    world.hears(&world.widowed("phoolbai", "D-7")).await;
    assert_eq!(world.decisions("phoolbai").await.len(), 0, "the number may be the other one's");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_that_one_scheme_of_ours_alone_pays_is_known_by_its_roll() {
    let paid_by = "[paid_by]\npension = [\"T-WIDOWS\", \"T-OLD\"]\n";
    let text = with_exclusion("{ class = \"pension\", other_than_self = true }", paid_by);
    let world = World::by_scheme_beside(&text, "T-OLD").await;
    world.link("rukmini", "150").await;
    world.hears(&world.widowed("rukmini", "D-9")).await;
    assert_eq!(world.only("rukmini").await.state, DecisionState::Offered);
    let elsewhere = World::by_scheme_beside(&text.replace("T-OLD", "ELSEWHERE"), "T-OLD").await;
    elsewhere.link("rukmini", "150").await;
    elsewhere.hears(&elsewhere.widowed("rukmini", "D-9")).await;
    assert_eq!(elsewhere.decisions("rukmini").await.len(), 0, "a roll that is not ours did not answer");
}
