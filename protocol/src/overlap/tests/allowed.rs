//! What a registered law allows, and each thing that it does not.

use super::*;
use crate::consent::Refusal;
use schemas::federation::{Law, Purpose};

struct Case {
    terms: OverlapTerms,
    law: Option<Law>,
    purpose: Option<Purpose>,
    answerer_has: Option<u32>,
    now: Timestamp,
    parties: [EntityId; 2],
}

impl Case {
    fn good() -> Self {
        let (mut law, mut purpose) = (crate::testing::law(), crate::testing::purpose());
        let allowed = AllowedData { dataset: name("food.ration-card.overlap"), fields: vec![name("ration_card")] };
        (law.id, law.purpose) = (name("nfsa-2013-s12"), name("social.pension.overlap"));
        law.provider = name("https://food.gov.example");
        law.quota = LawQuota { per_day: 100, per_officer: 100, per_subject: 0 };
        law.allowed = allowed.clone();
        (purpose.code, purpose.allowed) = (law.purpose.clone(), vec![allowed]);
        let terms = OverlapTerms {
            law: law.id.clone(),
            purpose: law.purpose.clone(),
            identifier: name("ration_card"),
            roll: name("social.pension"),
            of: name("food.ration-card"),
            people: 100,
            officer: name("officer-1"),
            case: name("C-1"),
        };
        let parties = [law.consumer.clone(), law.provider.clone()];
        Self {
            terms,
            law: Some(law),
            purpose: Some(purpose),
            answerer_has: Some(100),
            now: Timestamp::from_seconds(NOW),
            parties,
        }
    }

    fn verdict(&self) -> Result<(), Code> {
        let [asker, answerer] = &self.parties;
        authorize(&self.terms, [asker, answerer], self.law.as_ref(), self.purpose.as_ref(), self.answerer_has, self.now)
            .map_err(Refusal::code)
    }
}

#[test]
fn a_law_that_names_both_the_roll_and_the_identifier_allows() {
    assert_eq!(Case::good().verdict(), Ok(()));
    assert_eq!(Case { answerer_has: None, ..Case::good() }.verdict(), Ok(()));
}

#[test]
fn each_thing_that_the_law_does_not_say_is_refused_with_its_code() {
    type Bend = fn(&mut Case);
    let law = |case: &mut Case, bend: fn(&mut Law)| bend(case.law.as_mut().unwrap());
    let rows: [(&str, Code, Bend); 17] = [
        ("no law", Code::LawNotRegistered, |case| case.law = None),
        ("another law", Code::LawNotRegistered, |case| case.terms.law = name("nfsa-2013-s13")),
        ("a law that has ended", Code::LawNotRegistered, |case| case.now = "2028-04-01T00:00:00Z".parse().unwrap()),
        ("a law for queries", Code::OverlapNotAllowed, |case| {
            case.law.as_mut().unwrap().purpose = name("social.old-age-pension.eligibility");
        }),
        ("a law for a data set", Code::OverlapNotAllowed, |case| {
            case.law.as_mut().unwrap().allowed.dataset = name("food.ration-card");
        }),
        ("a law for emergencies", Code::OverlapNotAllowed, |case| case.law.as_mut().unwrap().break_glass = true),
        ("another asker", Code::LawScopeExceeded, |case| case.parties[0] = name("https://health.gov.example")),
        ("another answerer", Code::LawScopeExceeded, |case| case.parties[1] = name("https://health.gov.example")),
        ("the parties exchanged", Code::LawScopeExceeded, |case| case.parties.reverse()),
        ("another purpose", Code::LawScopeExceeded, |case| case.terms.purpose = name("social.widow.overlap")),
        ("another roll", Code::LawScopeExceeded, |case| case.terms.of = name("food.kerosene")),
        ("another identifier", Code::LawScopeExceeded, |case| case.terms.identifier = name("aadhaar")),
        ("a purpose that is not registered", Code::LawScopeExceeded, |case| case.purpose = None),
        ("a purpose without the identifier", Code::LawScopeExceeded, |case| {
            case.purpose.as_mut().unwrap().allowed[0].fields = vec![name("aadhaar")];
        }),
        ("a purpose without the roll", Code::LawScopeExceeded, |case| {
            case.purpose.as_mut().unwrap().allowed[0].dataset = name("food.kerosene.overlap");
        }),
        ("too many of the asker's", Code::OverlapTooLarge, |case| case.terms.people = 101),
        ("too many of the answerer's", Code::OverlapTooLarge, |case| case.answerer_has = Some(101)),
    ];
    for (why, code, bend) in rows {
        let mut case = Case::good();
        bend(&mut case);
        assert_eq!(case.verdict(), Err(code), "{why}");
    }
    let mut case = Case::good();
    law(&mut case, |law| law.quota.per_day = u32::MAX);
    case.terms.people = MOST + 1;
    assert_eq!(case.verdict(), Err(Code::OverlapTooLarge), "whatever the law says");
}
