use schemas::{
    federation::{AllowedData, Disclosure, Law, LawQuota, RegisterContent},
    id::LawId,
};

use super::*;
use crate::exchange::testing::federation::Federation;

fn law(federation: &Federation, id: &str, field: &str, until: &str) -> Law {
    Law {
        id: id.parse().unwrap(),
        version: "1".parse().unwrap(),
        title: BTreeMap::from([("en".to_owned(), "Pension check".to_owned())]),
        statute: "an Act".to_owned(),
        section: "3".to_owned(),
        consumer: federation.consumer.entity().clone(),
        provider: federation.provider.entity().clone(),
        purpose: "social.old-age-pension.eligibility".parse().unwrap(),
        allowed: AllowedData { dataset: "revenue.income".parse().unwrap(), fields: vec![field.parse().unwrap()] },
        until: until.parse().unwrap(),
        quota: LawQuota { per_day: 1, per_officer: 1, per_subject: 1 },
        disclosure: Disclosure::Immediate,
        predicates: Vec::new(),
        break_glass: false,
    }
}

fn basis_of(entry: &CatalogueEntry, field: &str) -> FieldBasis {
    entry.fields.iter().find(|one| one.name.as_str() == field).unwrap().basis
}

#[tokio::test(flavor = "multi_thread")]
async fn each_field_says_on_what_basis_it_may_be_asked_for() {
    let federation = Federation::start().await;
    let app = &federation.consumer;
    let laws = vec![
        law(&federation, "in-force", "assessed_on", "2999-12-31"),
        law(&federation, "ended", "annual_income", "2020-12-31"),
        law(&federation, "of-no-field", "not_a_field", "2999-12-31"),
    ];
    federation.anchor.register(2, &RegisterContent::Laws(laws), app.now());
    app.refresh_directory().await.unwrap();
    let found = catalogue(&app.directory(), app.now()).unwrap();
    let [entry] = found.datasets.as_slice() else { panic!("one dataset") };
    assert_eq!((&entry.provider, entry.dataset.as_str()), (federation.provider.entity(), "revenue.income"));
    assert_eq!(entry.title["hi"], "आय");
    let covered = federation.world.purpose.allowed[0].fields.clone();
    for field in &entry.fields {
        let by_consent = covered.contains(&field.name);
        let by_law = field.name.as_str() == "assessed_on";
        assert_eq!(field.basis, basis(by_consent, by_law), "{}", field.name);
    }
    assert_eq!(basis_of(entry, "annual_income_band"), FieldBasis::Consent);
    assert_eq!(
        entry.purposes.iter().map(|p| p.code.as_str()).collect::<Vec<_>>(),
        ["social.old-age-pension.eligibility"]
    );
    assert_eq!(entry.laws.iter().map(|law| &law.id).collect::<Vec<_>>(), [&"in-force".parse::<LawId>().unwrap()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_nobody_heard_of_for_a_day_makes_no_catalogue() {
    let federation = Federation::start().await;
    let app = &federation.consumer;
    let refused = catalogue(&app.directory(), app.now().plus(25 * 3600)).unwrap_err();
    assert_eq!(refused.code(), schemas::problem::Code::DirectoryOutdated);
}
