//! Notices to citizens: written with their cause, carried to her wallet, by mail, by short message, or on paper.
//!
//! Guarantees: a notice is a row of the transaction that caused it; what must be told (break-glass, what takes something from her)
//! cannot be switched off; each way is tried until it counts as delivered, or is parked with an alarm after 72 h; no log line holds
//! an address or a text. What counts as delivered:
//!
//! | way | counts when | where |
//! |---|---|---|
//! | wallet | it proved its binding and fetched the notice | `told.rs` |
//! | mail | the server took it (250) | `smtp.rs` |
//! | short message | the gateway for messages answered 2xx; for a window, once a carrier's report says that it arrived | `sms.rs`, `reports.rs` |
//! | letter | an officer confirmed that it was handed over | `letters.rs` |
//!
//! Deliberately absent: the texts (`web/locales/*/notices.ftl`), and what happens to a scheme after a delivered notice.

mod ask;
mod deliver;
mod letters;
mod names;
mod notifier;
mod plan;
mod preferences;
mod reports;
mod settings;
mod sms;
mod smtp;
#[cfg(test)]
mod tests;
mod texts;
mod uses;

use protocol::seal::random;
use schemas::{notice::NoticeKind, time::Timestamp};
use service_kit::{
    db::AnyConnection,
    jobs::{Jobs, JobsError},
    words::WordsError,
};

pub use self::{
    ask::ToldError,
    letters::{HandOverError, LetterSettings},
    notifier::{Address, Arrival, Message, NotDelivered, Notifier},
    preferences::PreferencesError,
    reports::ReportRefused,
    settings::{NoticeSettings, NoticesStartError},
    sms::SmsSettings,
    smtp::{Security, SmtpSettings},
};
pub use crate::store::notices::{NoticeStoreError as NoticeError, Person};

use crate::{
    app::{App, Foundation},
    keys::Keys,
    store::notices::{NewNotice, notice_insert},
};

/// The job that chooses ways and goes them.
pub const DELIVERY: &str = "notices";
/// The job that turns uses into notices, for those who want to hear of them.
pub const USES: &str = "notices-of-uses";

/// What this area keeps in memory while the gateway runs.
#[derive(Debug)]
pub(crate) struct Notices {
    texts: texts::Texts,
    notifiers: Vec<Box<dyn Notifier>>,
}

impl Notices {
    /// Opens every way that is configured.
    ///
    /// # Errors
    /// If a way cannot be used as configured, or the texts do not parse.
    pub(crate) fn open(foundation: &Foundation) -> Result<Self, NoticesStartError> {
        let texts = texts::Texts::load()?;
        Ok(Self { texts, notifiers: foundation.config.notices.open(&foundation.networks)? })
    }

    /// Sends one short message now, such as a code; it is not kept and not tried again.
    ///
    /// # Errors
    /// If no gateway for short messages is configured, or it does not take the message.
    pub(crate) async fn send_short(
        &self,
        (id, at): (&schemas::id::MessageId, Timestamp),
        phone: schemas::notice::Phone,
        text: String,
    ) -> Result<(), NotDelivered> {
        let absent = || NotDelivered::later("no gateway for short messages is configured");
        let notifier = self.notifier(schemas::notice::Channel::Sms).ok_or_else(absent)?;
        let language = service_kit::words::Language::Hindi;
        let whole = schemas::notice::NoticeText { title: String::new(), body: text.clone() };
        let worded =
            notifier::Worded { language, text: whole, short: text, foot: String::new(), department: String::new() };
        let message = Message { id: id.clone(), to: Address::Phone(phone), language, texts: vec![worded], at };
        notifier.deliver(&message).await.map(drop)
    }

    fn notifier(&self, channel: schemas::notice::Channel) -> Option<&dyn Notifier> {
        self.notifiers.iter().map(AsRef::as_ref).find(|notifier| notifier.channel() == channel)
    }
}

/// Writes a notice in the transaction of its cause; after the commit call [`App::wake_notices`]. A second notice of the same kind
/// and cause to the same person is not written.
///
/// # Errors
/// If the database or the encryption fails.
pub fn write(
    conn: &mut AnyConnection,
    keys: &Keys,
    to: &Person,
    kind: &NoticeKind,
    now: Timestamp,
) -> Result<(), NoticeError> {
    let at_ms = now.seconds().saturating_mul(1000);
    notice_insert(conn, keys, &NewNotice { id: &random::message_id(now), to, kind, at_ms }).map(drop)
}

impl App {
    pub(crate) fn notices(&self) -> &Notices {
        &self.areas().notices
    }

    /// A department's name in a language, as notices name it.
    pub(crate) fn member_name(&self, member: &schemas::id::EntityId, language: service_kit::words::Language) -> String {
        names::Names::now(self).member(member, language)
    }

    /// Title and sentences of a notice in one language, as it is sent and printed.
    pub(crate) fn notice_text(&self, kind: &NoticeKind, id: &schemas::id::MessageId, tag: &str) -> String {
        let names = names::Names::now(self);
        let texts = self.notices().texts.by_language(kind, id, &names);
        texts.get(tag).map(|text| format!("{}\n{}", text.title, text.body)).unwrap_or_default()
    }

    /// Pokes the job that delivers: a notice was written.
    pub fn wake_notices(&self) {
        self.wakes().wake(DELIVERY);
    }
}

/// Registers the jobs of this area and pokes each once.
///
/// # Errors
/// If the scheduler refuses.
pub async fn schedule(app: &App, jobs: &mut Jobs) -> Result<(), JobsError> {
    let with = app.clone();
    let deliver = move || {
        let app = with.clone();
        async move { deliver::run(&app).await }
    };
    let with = app.clone();
    let uses = move || {
        let app = with.clone();
        async move { uses::run(&app).await }
    };
    let deliver = jobs.every("* * * * * *", DELIVERY, deliver).await?;
    let uses = jobs.every("20 * * * * *", USES, uses).await?;
    for (name, wake) in [(DELIVERY, deliver), (USES, uses)] {
        wake.poke();
        app.wakes().put(name, wake);
    }
    Ok(())
}

impl From<WordsError> for NoticesStartError {
    fn from(error: WordsError) -> Self {
        Self::Texts(error)
    }
}
