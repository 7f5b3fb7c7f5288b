//! Evidence of an answer under a law, and each way in which the law does not carry it.

use schemas::{
    bundle::Bundle,
    consent::{Predicate, PredicateOp},
    digest::Digest,
    federation::{Law, Purpose, RegisterContent, SignedRegister},
    receipt::{Outcome, Receipt, ReceiptBasis},
};

use super::{super::*, evidence::*};
use crate::{
    exchange::fixture::edited,
    federation::{sign_register, testing::NOW},
    testing::{law, name, purpose},
};

/// The exchange as if the answer had been given under a law; `bend` changes both receipts alike.
struct UnderLaw {
    exchange: Exchange,
    content: RegisterContent,
}

impl UnderLaw {
    fn new(edit: impl FnOnce(&mut Law)) -> Self {
        let mut law = law();
        edit(&mut law);
        Self { exchange: Exchange::new(), content: RegisterContent::Laws(vec![law]) }
    }

    fn register(&self, officers: &[usize]) -> SignedRegister {
        let authority = &self.exchange.scene.authority;
        let sign = |officer: &usize| {
            sign_register(&authority.officers[*officer], &authority.register(3, self.content.clone())).unwrap()
        };
        SignedRegister { signatures: officers.iter().map(sign).collect() }
    }

    fn bundle(&self, bend: impl Fn(&mut Receipt)) -> Bundle {
        let digest = Digest::of(serde_json::to_vec(&self.content).unwrap());
        let (id, version) = (name("it-1961-s138-social"), Some(name("2026-10")));
        let basis = ReceiptBasis::Law { id, version, digest };
        let world = &self.exchange.scene.world;
        let under_law = |receipt: &mut Receipt| {
            receipt.basis = Some(basis.clone());
            bend(receipt);
        };
        let provider = edited(&self.exchange.provider, &world.provider.signing, under_law);
        let consumer = edited(&self.exchange.consumer, &world.consumer.signing, |receipt| {
            under_law(receipt);
            receipt.counterpart = receipt.counterpart.map(|_| provider.digest());
        });
        let mut bundle = self.exchange.bundle_of(&[provider.jws(), consumer.jws()]);
        bundle.registers = vec![self.register(&[0, 1])];
        bundle
    }

    fn report(&self, bundle: &Bundle) -> Report {
        verify(&written(bundle), &self.exchange.root, NOW.plus(60))
    }

    #[track_caller]
    fn assert_finding(&self, bundle: &Bundle, verdict: Verdict, finding: Finding, why: &str) {
        let report = self.report(bundle);
        assert_eq!(report.verdict(), verdict, "{why}");
        assert!(report.findings(CheckId::LawRegistered).contains(&finding), "{why}: {:?}", report.checks);
    }
}

#[test]
fn an_answer_under_a_registered_law_is_trusted() {
    let under = UnderLaw::new(|_| ());
    let bundle = under.bundle(|_| ());
    let report = under.report(&bundle);
    assert_eq!(report.verdict(), Verdict::Trusted);
    assert_eq!(report.findings(CheckId::LawRegistered), [Finding::Passed, Finding::Passed]);
    let composed = compose(bundle.kind, bundle.records, bundle.members, bundle.registers).unwrap();
    assert_eq!(verify(&composed, &under.exchange.root, NOW.plus(60)).verdict(), Verdict::Trusted);
}

#[test]
fn a_question_under_a_law_is_trusted_as_it_is_registered() {
    let asked = || Predicate { field: name("annual_income"), op: PredicateOp::Lte, value: "200000".to_owned() };
    let under = UnderLaw::new(|law| law.predicates = vec![asked()]);
    assert_eq!(under.report(&under.bundle(|r| r.predicates = vec![asked()])).verdict(), Verdict::Trusted);
    let other = under.bundle(|r| r.predicates = vec![Predicate { value: "200001".to_owned(), ..asked() }]);
    under.assert_finding(&other, Verdict::Failed, Finding::Failed(Reason::LawExceeded), "another bound");
}

#[test]
fn without_its_register_a_law_cannot_be_checked() {
    let under = UnderLaw::new(|_| ());
    let mut bundle = under.bundle(|_| ());
    bundle.registers.clear();
    let missing = Finding::CouldNotBeChecked(Reason::RegisterMissing);
    under.assert_finding(&bundle, Verdict::Undecided, missing, "no register");
}

#[test]
fn a_register_that_is_not_in_force_or_not_named_is_refused() {
    let under = UnderLaw::new(|_| ());
    let with = |register: SignedRegister| Bundle { registers: vec![register], ..under.bundle(|_| ()) };
    let invalid = Finding::Failed(Reason::RegisterInvalid);
    under.assert_finding(&with(under.register(&[0])), Verdict::Failed, invalid, "one officer");
    under.assert_finding(&with(under.register(&[1, 1])), Verdict::Failed, invalid, "one officer twice");
    let stranger = UnderLaw::new(|_| ());
    under.assert_finding(&with(stranger.register(&[0, 1])), Verdict::Failed, invalid, "officers of another authority");
    let purposes: Purpose = purpose();
    let other = UnderLaw { exchange: Exchange::new(), content: RegisterContent::Purposes(vec![purposes]) };
    let signed = {
        let authority = &under.exchange.scene.authority;
        let sign = |key| sign_register(key, &authority.register(3, other.content.clone())).unwrap();
        SignedRegister { signatures: authority.officers.iter().map(sign).collect() }
    };
    under.assert_finding(&with(signed), Verdict::Failed, invalid, "the purpose registry");
}

#[test]
fn a_register_that_no_receipt_names_is_refused() {
    let under = UnderLaw::new(|_| ());
    let mut consent = under.exchange.bundle();
    consent.registers = vec![under.register(&[0, 1])];
    under.assert_finding(&consent, Verdict::Failed, Finding::Failed(Reason::NotNeeded), "beside a consent");
    let newer = UnderLaw { content: UnderLaw::new(|law| law.quota.per_day = 11).content, ..under };
    let bundle = Bundle { registers: vec![newer.register(&[0, 1])], ..UnderLaw::new(|_| ()).bundle(|_| ()) };
    let report = verify(&written(&bundle), &newer.exchange.root, NOW.plus(60));
    assert_ne!(report.verdict(), Verdict::Trusted, "another version of the register");
}

#[test]
fn a_law_carries_only_what_it_allows() {
    type Edit = fn(&mut Law);
    let laws: [(&str, Edit); 7] = [
        ("another id", |law| law.id = name("another-law")),
        ("another version", |law| law.version = name("2026-11")),
        ("another consumer", |law| law.consumer = name("https://food.gov.example")),
        ("another provider", |law| law.provider = name("https://civil.gov.example")),
        ("another purpose", |law| law.purpose = name("social.other")),
        ("other fields", |law| law.allowed.fields = vec![name("annual_income")]),
        ("it had ended", |law| law.until = name("2026-11-20")),
    ];
    for (why, edit) in laws {
        let under = UnderLaw::new(edit);
        let exceeded = Finding::Failed(Reason::LawExceeded);
        under.assert_finding(&under.bundle(|_| ()), Verdict::Failed, exceeded, why);
    }
    let under = UnderLaw::new(|law| law.allowed.dataset = name("revenue.land"));
    under.assert_finding(
        &under.bundle(|_| ()),
        Verdict::Failed,
        Finding::Failed(Reason::LawExceeded),
        "another dataset",
    );
}

#[test]
fn a_refusal_may_be_about_a_law_that_nobody_registered() {
    let under = UnderLaw::new(|_| ());
    let mut bundle = under.bundle(|receipt| {
        receipt.outcome = Outcome::Refused;
        receipt.refusal = Some(schemas::problem::Code::LawNotRegistered);
        receipt.data = None;
    });
    let named = under.report(&bundle);
    assert_eq!(
        (named.verdict(), named.findings(CheckId::LawRegistered)),
        (Verdict::Trusted, vec![]),
        "with its register"
    );
    bundle.registers.clear();
    let report = under.report(&bundle);
    assert_eq!((report.verdict(), report.findings(CheckId::LawRegistered)), (Verdict::Trusted, vec![]), "without");
}
