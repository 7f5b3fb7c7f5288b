//! The slip of an objection: what she takes home, in each language, with the digest of the signed record.
//!
//! Guarantees: whole sentences; case and slip number, no name and no number of hers. Deliberately absent: paper; pages and
//! counters print it.

use std::collections::BTreeMap;

use schemas::{assisted::SlipText, benefits::ObjectionTaken, digest::Digest, id::MessageId, time::Timestamp};
use serde::Serialize;
use service_kit::words::{Language, Locale, Value};

use crate::{
    app::App,
    decisions::DecisionError,
    store::{
        decisions::{cases::decision_find, objections::objection_find},
        review::{NoteKind, notes_of},
    },
};

/// What she gets at the counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectionSlip {
    /// Decision, case, slip number, and the signed record that the objection was taken.
    #[serde(flatten)]
    pub taken: ObjectionTaken,
    /// When it was taken.
    pub at: Timestamp,
    /// SHA-256 over the signed record: the log at the trust anchor holds it.
    pub digest: Digest,
    /// For the QR code.
    pub qr: String,
    /// By language.
    pub text: BTreeMap<String, SlipText>,
}

const fn locale(language: Language) -> Locale {
    match language {
        Language::English => Locale::ENGLISH,
        Language::Hindi => Locale::HINDI,
    }
}

impl App {
    /// Our name in a language, else in any.
    pub(crate) fn named(&self, language: Language) -> String {
        let names = &self.config().name;
        let name = names.get(language.tag()).or_else(|| names.values().next());
        name.cloned().unwrap_or_else(|| self.entity().to_string())
    }

    /// Papers that were shown with the objection, in their order.
    pub(super) async fn decision_papers(&self, decision: &MessageId) -> Result<Vec<String>, DecisionError> {
        let (keys, id) = (self.keys().clone(), decision.clone());
        let notes = self.db().read(move |conn| notes_of(conn, &keys, &id)).await?;
        Ok(notes.into_iter().filter(|note| note.kind == NoteKind::Paper).map(|note| note.words).collect())
    }

    /// The slip of an objection that was taken.
    pub(super) async fn objection_slip(
        &self,
        taken: ObjectionTaken,
        papers: Vec<String>,
    ) -> Result<ObjectionSlip, DecisionError> {
        let (keys, id) = (self.keys().clone(), taken.decision.clone());
        let read = self.db().read(move |conn| {
            let decided = decision_find(conn, &keys, &id)?.ok_or(DecisionError::NotWhole("no such decision"))?;
            let objection = objection_find(conn, &keys, &id)?;
            let objection = objection.ok_or(DecisionError::NotWhole("an objection without words"))?;
            Ok::<_, DecisionError>((decided.matter.title, objection.at_ms))
        });
        let (title, at_ms) = read.await?;
        let at = Timestamp::from_seconds(at_ms.div_euclid(1_000));
        let digest = Digest::of(taken.record.as_str());
        let (case, slip) = (taken.case.as_str(), taken.slip.as_str());
        let qr = format!("vinimay:objection?member={}&case={case}&slip={slip}&record={digest}", self.entity());
        let text = Language::ALL.into_iter().map(|language| {
            let scheme = title.get(language.tag()).or_else(|| title.values().next()).map_or("-", String::as_str);
            (language.tag().to_owned(), self.slip_text(language, (&taken, scheme, &papers), at))
        });
        let text = text.collect();
        Ok(ObjectionSlip { at, digest, qr, text, taken })
    }

    fn slip_text(
        &self,
        language: Language,
        (taken, scheme, papers): (&ObjectionTaken, &str, &[String]),
        at: Timestamp,
    ) -> SlipText {
        let locale = locale(language);
        let say = |key: &str, arguments: &[(&str, Value<'_>)]| self.words().say_with(locale, key, arguments);
        let department = self.named(language);
        let mut lines = vec![
            say("slip-taken", &[("name", Value::from(&department)), ("at", locale.moment(at).into())]),
            say("slip-against", &[("name", scheme.into())]),
            say("slip-case", &[("number", taken.case.as_str().into())]),
            say("slip-number", &[("number", taken.slip.as_str().into())]),
        ];
        lines.extend(papers.iter().map(|paper| say("slip-paper", &[("name", paper.as_str().into())])));
        lines.push(say("slip-next", &[]));
        lines.push(say("slip-keep", &[("name", Value::from(&department))]));
        SlipText { title: say("slip-title", &[]), lines }
    }
}
