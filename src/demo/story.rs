//! The story: a citizen consents, one department asks another, both hold receipts, an auditor verifies; a death is heard. What else
//! happens in a life stands in `life.rs`.
//!
//! Each step does, then looks, then tells. What is said of a row, a receipt or a refusal was read from where it stands.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use protocol::seal::random;
use schemas::{
    id::{ConsentId, MessageId},
    local::{BindingOffer, ConsentRequestState, ConsentRequestView, LocalAnswer},
    problem::{Code, Problem},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use service_kit::{clock::Clock, http_client::Reply};

use super::{
    Options,
    cast::Citizen,
    federation::{Federation, PENSION_PURPOSE},
    population::CastMember,
    report::Report,
    side_by_side::side_by_side,
};
use crate::{
    audit,
    world::{Binary, Department, LocalClient},
};

/// How long its records may take into a published checkpoint.
const ANCHORED_WITHIN: Duration = Duration::from_secs(120);

/// Sets the federation up, tells the story, and returns it running.
///
/// # Errors
/// At the first step that does not hold.
pub async fn tell(
    binary: Binary,
    folder: PathBuf,
    options: &Options,
    report: &mut Report,
) -> anyhow::Result<Federation> {
    let mut teller = Teller { clock: Clock::system(), report };
    let mut federation = teller.departments_join(binary, folder, options)?;
    teller.pseudonyms_are_linked(&federation)?;
    teller.schemes_are_published(&federation)?;
    teller.life_events_are_subscribed_to(&mut federation).await?;
    let applicant = federation
        .databases
        .cast
        .applicant
        .clone()
        .context("nobody in this population can apply; use more --people")?;
    let citizen = teller.a_wallet_is_bound(&federation, &applicant).await?;
    let consent = teller.she_consents(&federation, &citizen).await?;
    let answer = teller.the_portal_asks(&federation, &consent).await?;
    let mut bundles = vec![teller.both_receipts_are_anchored(&federation, &answer).await?];
    bundles.push(teller.a_query_outside_the_consent_is_refused(&federation, &consent).await?);
    bundles.extend(teller.life_goes_on(&federation).await?);
    bundles.extend(teller.a_death_is_registered_and_annulled(&federation).await?);
    teller.she_sees_who_used_her_data(&citizen, &answer)?;
    teller.she_revokes(&citizen, &consent)?;
    teller.the_next_query_is_refused(&federation, &consent).await?;
    teller.an_auditor_verifies(&mut federation, &bundles)?;
    Ok(federation)
}

/// Who tells the story.
pub(super) struct Teller<'a> {
    pub(super) clock: Clock,
    pub(super) report: &'a mut Report,
}

impl Teller<'_> {
    pub(super) fn told(&mut self, step: &'static str, since: Duration, told: String, evidence: Value) {
        let took = self.clock.monotonic().saturating_sub(since);
        self.report.told(step, took, told, evidence);
    }

    fn departments_join(&mut self, binary: Binary, folder: PathBuf, options: &Options) -> anyhow::Result<Federation> {
        let since = self.clock.monotonic();
        let mut federation = Federation::set_up(binary, &folder, options, self.clock.now())?;
        federation.start()?;
        let entities: Vec<&str> = federation.departments().iter().map(|(_, d)| d.entity().as_str()).collect();
        let told = format!(
            "four departments with their own databases of {} synthetic people join the federation",
            options.people
        );
        self.told("join", since, told, json!({ "members": entities, "anchor": federation.anchor.entity() }));
        Ok(federation)
    }

    fn pseudonyms_are_linked(&mut self, federation: &Federation) -> anyhow::Result<()> {
        let since = self.clock.monotonic();
        let others = federation.departments().into_iter().skip(1);
        let counts = side_by_side(others, |(name, department)| seed(federation, name, department))?;
        let counts: serde_json::Map<String, Value> = counts.into_iter().collect();
        let linked = |name: &str| counts.get(name).and_then(|c| c["linked"].as_u64()).unwrap_or(0);
        let told = format!(
            "each learns whose pseudonym is whose number, where it is sure: revenue {}, food {}, social welfare {}",
            linked("revenue"),
            linked("food"),
            linked("social")
        );
        self.told("link", since, told, Value::Object(counts));
        Ok(())
    }

    async fn a_wallet_is_bound(&mut self, federation: &Federation, person: &CastMember) -> anyhow::Result<Citizen> {
        let since = self.clock.monotonic();
        let (citizen, bound) = with_wallet(federation, person, "wallet").await?;
        let bindings = bound["bindings"].as_u64().context("the wallet told no number of bindings")?;
        ensure!(bindings > 0, "the wallet has no binding");
        self.told(
            "bind",
            since,
            format!("a citizen's wallet is bound: {bindings} keys, one for each department that may ask"),
            bound,
        );
        Ok(citizen)
    }

    async fn she_consents(&mut self, federation: &Federation, citizen: &Citizen) -> anyhow::Result<ConsentId> {
        let since = self.clock.monotonic();
        let portal = federation.social.portal(0)?;
        let order = json!({
            "purpose": PENSION_PURPOSE,
            "items": [{ "provider": federation.revenue.entity(), "dataset": "revenue.income", "fields": ["annual_income_band"],
                        "dataRange": { "from": "2025-04-01", "to": "2026-03-31" } }],
            "validity": "P90D",
            "frequency": { "mode": "recurring", "maxUses": 4 },
            "retention": "P180D",
        });
        let request: ConsentRequestView = read(&portal.post("/v1/consent-requests", &[], &order).await?)?;
        let card = citizen.show(&request.link)?;
        self.report.shown(&format!("she reads:\n{}", card["text"].as_str().unwrap_or_default()));
        citizen.grant(&request.link)?;
        let view: ConsentRequestView = read(&portal.fetch(&format!("/v1/consent-requests/{}", request.id)).await?)?;
        ensure!(view.state == ConsentRequestState::Given, "the portal sees {:?}", view.state);
        let consent = view.consents.first().context("no consent came of it")?.clone();
        let told = "she consents: one asker, one provider, one item, four uses, 90 days".to_owned();
        self.told("consent", since, told, json!({ "consent": consent, "request": request.id }));
        Ok(consent)
    }

    async fn the_portal_asks(&mut self, federation: &Federation, consent: &ConsentId) -> anyhow::Result<LocalAnswer> {
        let since = self.clock.monotonic();
        let reply = self.ask(&federation.social.portal(0)?, consent, "annual_income_band").await?;
        let answer: LocalAnswer = read(&reply)?;
        let row = answer.record.rows.first().context("the answer has no row")?;
        ensure!(row.len() == 1, "the answer has {} fields, one was granted", row.len());
        let told = "the pension portal asks the revenue department and gets the one item that she granted".to_owned();
        self.told(
            "answer",
            since,
            told,
            json!({ "exchange": answer.exchange, "receipt": answer.receipt, "counterpart": answer.counterpart }),
        );
        self.report.shown(&format!("{}: {}", answer.record.dataset, serde_json::to_string(row)?));
        Ok(answer)
    }

    async fn ask(&self, portal: &LocalClient, consent: &ConsentId, field: &str) -> anyhow::Result<Reply> {
        let key = random::message_id(self.clock.now()).to_string();
        let query = json!({ "consent": consent, "fields": [field], "purpose": PENSION_PURPOSE });
        portal.post("/v1/queries", &[("Idempotency-Key", &key)], &query).await
    }

    async fn both_receipts_are_anchored(
        &mut self,
        federation: &Federation,
        answer: &LocalAnswer,
    ) -> anyhow::Result<PathBuf> {
        let since = self.clock.monotonic();
        let file = save_bundle(federation, &federation.social.portal(0)?, &answer.receipt, "exchange").await?;
        let root = federation.anchor.trust_root()?;
        let audited = audit::verify_file(&file, &root, self.clock.now())?;
        let places: Vec<u64> = audited.report.records.iter().filter_map(|r| r.index).collect();
        ensure!(places.len() == 2, "two receipts were to be in the log, {} are", places.len());
        let told = format!(
            "both receipts stand in the log at {} and {}, under a time-stamped checkpoint (no witnesses yet)",
            places[0], places[1]
        );
        self.told("anchored", since, told, json!({ "indexes": places, "bundle": file }));
        Ok(file)
    }

    async fn a_query_outside_the_consent_is_refused(
        &mut self,
        federation: &Federation,
        consent: &ConsentId,
    ) -> anyhow::Result<PathBuf> {
        let since = self.clock.monotonic();
        let portal = federation.social.portal(0)?;
        let problem = problem(&self.ask(&portal, consent, "annual_income").await?, Code::ConsentScopeExceeded)?;
        let file = save_bundle(federation, &portal, &refused_receipt(&problem)?, "outside").await?;
        let told = format!("a query for an item outside the consent is refused: {}", problem.code);
        self.told("refused", since, told, json!({ "code": problem.code, "bundle": file }));
        Ok(file)
    }

    async fn the_next_query_is_refused(&mut self, federation: &Federation, consent: &ConsentId) -> anyhow::Result<()> {
        let since = self.clock.monotonic();
        let problem = problem(
            &self.ask(&federation.social.portal(0)?, consent, "annual_income_band").await?,
            Code::ConsentRevoked,
        )?;
        let told = format!("the next query is refused: {}", problem.code);
        self.told(
            "refused-after-revocation",
            since,
            told,
            json!({ "code": problem.code, "request": problem.request_id }),
        );
        Ok(())
    }

    fn she_sees_who_used_her_data(&mut self, citizen: &Citizen, answer: &LocalAnswer) -> anyhow::Result<()> {
        let since = self.clock.monotonic();
        let history = citizen.history()?;
        let text = history.to_string();
        ensure!(text.contains(answer.exchange.as_str()), "her history does not hold the exchange");
        let uses: usize = history
            .as_array()
            .map_or(0, |members| members.iter().filter_map(|m| m["uses"].as_array()).map(Vec::len).sum());
        self.told(
            "history",
            since,
            format!("she sees who used her data, what for and when: {uses} entries"),
            json!({ "uses": uses }),
        );
        Ok(())
    }

    fn she_revokes(&mut self, citizen: &Citizen, consent: &ConsentId) -> anyhow::Result<()> {
        let since = self.clock.monotonic();
        let revoked = citizen.revoke(consent.as_str())?;
        let acknowledged = revoked["acknowledged"].as_array().map_or(0, Vec::len);
        ensure!(acknowledged == 2, "two parties were to acknowledge, {acknowledged} did");
        self.told("revoke", since, "she revokes, and both departments sign that they obey".to_owned(), revoked);
        Ok(())
    }

    fn an_auditor_verifies(&mut self, federation: &mut Federation, bundles: &[PathBuf]) -> anyhow::Result<()> {
        let since = self.clock.monotonic();
        let root = federation.anchor.trust_root_file().display().to_string();
        let files: Vec<String> = bundles.iter().map(|b| b.display().to_string()).collect();
        let mut arguments = vec!["audit", "verify", "--offline", "--json", "--trust", &root];
        arguments.extend(files.iter().map(String::as_str));
        let audited: Value = serde_json::from_str(&federation.binary.run(&arguments)?)?;
        let verdicts: Vec<&Value> =
            audited.as_array().context("the audit printed no list")?.iter().map(|a| &a["verdict"]).collect();
        ensure!(
            verdicts.len() == bundles.len() && verdicts.iter().all(|v| **v == "trusted"),
            "not every bundle was verified: {verdicts:?}"
        );
        let told =
            format!("an auditor verifies all {} bundles off line, against the pinned root alone", verdicts.len());
        self.told("audit", since, told, json!({ "bundles": bundles, "trust_root": root }));
        Ok(())
    }
}

/// What civil registration tells a department of its people, under a law, put into the department's table of links.
fn seed(federation: &Federation, name: &str, department: &Department) -> anyhow::Result<(String, Value)> {
    let file = federation.folder.join(format!("subjects-{name}.jwe")).display().to_string();
    let law = format!("cg-seeding-2026-{name}");
    let them = department.entity().as_str();
    federation.civil.command(&["subjects", "export", "--for", them, "--law", &law, "--out", &file])?;
    let seeded: Value = serde_json::from_str(&department.command(&["link", "seed", &file])?)?;
    std::fs::remove_file(&file)?;
    ensure!(seeded["linked"].as_u64().unwrap_or(0) > 0, "{name} linked nobody: {seeded}");
    Ok((name.to_owned(), seeded))
}

/// A wallet in this folder, bound to the person at civil registration's desk.
pub(super) async fn with_wallet(
    federation: &Federation,
    person: &CastMember,
    folder: &str,
) -> anyhow::Result<(Citizen, Value)> {
    let desk = federation.civil.portal(0)?;
    let resident = json!({ "resident": person.keys.resident_no.to_string() });
    let offer: BindingOffer = read(&desk.post("/v1/binding-offers", &[], &resident).await?)?;
    let root = federation.anchor.trust_root()?;
    let citizen = Citizen::with_wallet(&federation.binary, federation.folder.join(folder), &root)?;
    let bound = citizen.bind(&offer)?;
    Ok((citizen, bound))
}

/// A good answer's body.
pub(super) fn read<T: DeserializeOwned>(reply: &Reply) -> anyhow::Result<T> {
    ensure!((200..300).contains(&reply.status), "status {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
    Ok(serde_json::from_slice(&reply.body)?)
}

/// The problem document of a refusal, which must have this code.
fn problem(reply: &Reply, code: Code) -> anyhow::Result<Problem> {
    let problem: Problem = serde_json::from_slice(&reply.body)?;
    ensure!(problem.code == code, "expected {code}, got {} ({:?})", problem.code, problem.detail);
    Ok(problem)
}

/// The exchange of a signed refusal names its receipts at both sides.
fn refused_receipt(problem: &Problem) -> anyhow::Result<MessageId> {
    let signed = problem.refusal.as_deref().context("the refusal is not signed")?;
    let payload = signed.split('.').nth(1).context("the refusal is no JWS")?;
    let answer: schemas::answer::Answer = serde_json::from_slice(&protocol::seal::decode_base64url(payload)?)?;
    Ok(answer.query_jti)
}

/// Fetches a bundle (of a receipt, or of an exchange by its id), waiting until it is anchored, and saves it.
async fn save_bundle(
    federation: &Federation,
    portal: &LocalClient,
    id: &MessageId,
    name: &str,
) -> anyhow::Result<PathBuf> {
    save(federation, portal, &format!("/v1/receipts/{id}/bundle?wait=8"), name).await
}

pub(super) async fn save(
    federation: &Federation,
    portal: &LocalClient,
    path: &str,
    name: &str,
) -> anyhow::Result<PathBuf> {
    let (clock, mut reply) = (Clock::system(), portal.fetch(path).await?);
    let asked = clock.monotonic();
    // A gateway that says when to ask again is asked again.
    while let (503, Some(_)) = (reply.status, reply.retry_after)
        && clock.monotonic().saturating_sub(asked) < ANCHORED_WITHIN
    {
        clock.sleep(Duration::from_millis(100)).await;
        reply = portal.fetch(path).await?;
    }
    ensure!(reply.status == 200, "{path}: status {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
    let folder = federation.folder.join("bundles");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{name}.json"));
    std::fs::write(&file, &reply.body)?;
    Ok(file)
}
