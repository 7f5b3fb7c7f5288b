//! Letters: one page each, ready to print, in a folder that the department's post room opens.
//!
//! Guarantees: a page is whole or not there (written aside, made durable, renamed), for its owner's eyes alone (mode 0600), in Hindi
//! and English; it counts as delivered only when an officer with an open account says, by a system that is known, that it was handed
//! over, and not one who confirmed what it tells or said who is meant, and then the page is removed; the audit trail names both.
//! Deliberately absent: names and postal addresses. The department's own files have them; the page has the number under which they
//! stand.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use schemas::{
    id::{MessageId, SystemName},
    notice::{Channel, PrintedLetter},
    problem::Code,
    time::Timestamp,
};
use serde::Deserialize;
use service_kit::{
    config::FilePath,
    db::DatabaseError,
    words::{Locale, Words},
};

use super::{
    notifier::{Address, Arrival, Message, NotDelivered, Notifier},
    settings::NoticesStartError,
    texts::{Texts, locale},
};
use crate::{
    app::App,
    audit,
    decisions::{DecisionError, OfficerRefused, apart_from_who_confirmed},
    review::{account_may, counter::takers},
    store::{
        decisions::DecisionStoreError,
        notices::deliveries::{Step, delivery_step, letters_printed},
    },
};

/// The action in the audit trail.
const HANDED_OVER: &str = "letter.handed-over";
/// Letters of one list.
const MOST: i64 = 500;

/// Letters.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LetterSettings {
    /// An existing folder that only this user, and who prints, can read.
    pub folder: FilePath,
}

/// The way.
#[derive(Debug)]
pub(super) struct Letters {
    folder: PathBuf,
    words: Words,
}

/// A letter was not handed over.
#[derive(Debug, thiserror::Error)]
pub enum HandOverError {
    /// No such letter lies in the folder.
    #[error("no such letter waits")]
    Unknown,
    /// Nobody who may hand letters over has this name.
    #[error("no open account of an operator or reviewer has this name")]
    Officer,
    /// The same person confirmed the removal that the letter tells of, or said who is meant.
    #[error(
        "who confirmed the removal, or said that it is she who is meant, does not also say that its notice arrived; mend: another \
         officer hands it over"
    )]
    Confirmed,
    /// The database, the account, or what the letter is about.
    #[error(transparent)]
    Read(#[from] DecisionError),
}

impl Letters {
    pub(super) fn open(settings: &LetterSettings) -> Result<Self, NoticesStartError> {
        let folder = settings.folder.resolve();
        if !folder.is_dir() {
            return Err(NoticesStartError::Value {
                key: "notices.letters.folder",
                problem: format!("{} is no folder", folder.display()),
                mend: "make the folder, readable by this user and by who prints the letters",
            });
        }
        Ok(Self { folder, words: Texts::words()? })
    }

    /// Writes the page so that it is there whole, or not.
    fn print(&self, id: &MessageId, page: &str) -> std::io::Result<()> {
        let (aside, path) = (self.folder.join(format!(".{id}")), file(&self.folder, id));
        let mut written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        written.write_all(page.as_bytes())?;
        written.sync_all()?;
        std::fs::rename(&aside, &path)?;
        File::open(&self.folder)?.sync_all()
    }
}

fn file(folder: &std::path::Path, id: &MessageId) -> PathBuf {
    folder.join(format!("{id}.html"))
}

impl Notifier for Letters {
    fn channel(&self) -> Channel {
        Channel::Letter
    }

    fn deliver<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Arrival, NotDelivered>> {
        async move {
            let Address::Number(number) = &message.to else {
                return Err(NotDelivered::Never { problem: "no number in the department's files".to_owned() });
            };
            let page = page(&self.words, message, number);
            // A few kilobytes: not worth a thread of its own.
            self.print(&message.id, &page).map_err(|error| NotDelivered::later(error.kind().to_string()))?;
            Ok(Arrival::Printed)
        }
        .boxed()
    }
}

const STYLE: &str = "@page{size:A4;margin:25mm 20mm}body{font:12pt/1.5 \"Noto Sans\",\"Noto Sans Devanagari\",sans-serif;color:#000;\
                     background:#fff;max-width:170mm;margin:0 auto}h1{font-size:14pt;margin:0 0 .5em}section{break-inside:avoid;\
                     border-bottom:1px solid #000;padding:0 0 1em;margin:0 0 1.5em}.head{display:flex;justify-content:space-between}\
                     .sign{margin-top:3em;border-top:1px dotted #000;padding-top:.5em}";

/// The page: each language whole, then a line for the officer.
fn page(words: &Words, message: &Message, number: &str) -> String {
    let mut page = String::from("<!DOCTYPE html>\n<html lang=\"");
    page.push_str(message.language.tag());
    page.push_str("\">\n<head><meta charset=\"utf-8\"/><title>");
    page.push_str(message.id.as_str());
    page.push_str("</title><style>");
    page.push_str(STYLE);
    page.push_str("</style></head>\n<body>\n");
    for worded in &message.texts {
        let locale = locale(worded.language);
        let line = |key: &str, name: &str, value: &str| {
            let arguments = [("department", (&worded.department).into()), (name, value.into())];
            escaped(&words.say_with(locale, key, &arguments))
        };
        let (number, date) =
            (line("letter-number", "number", number), line("letter-date", "date", &day(locale, message.at)));
        page.push_str(&format!(
            "<section lang=\"{}\">\n<div class=\"head\"><strong>{}</strong><span>{date}</span></div>\n<p>{number}</p>\n\
             <h1>{}</h1>\n<p>{}</p>\n<p>{}</p>\n</section>\n",
            worded.language.tag(),
            escaped(&worded.department),
            escaped(&worded.text.title),
            escaped(&worded.text.body),
            escaped(&worded.foot),
        ));
    }
    for worded in &message.texts {
        let line = words.say(locale(worded.language), "letter-handed-over");
        page.push_str(&format!("<p class=\"sign\" lang=\"{}\">{}</p>\n", worded.language.tag(), escaped(&line)));
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn day(locale: Locale, at: Timestamp) -> String {
    locale.day(at.civil_day())
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

impl App {
    /// Letters that lie in the folder, oldest first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn letters(&self) -> Result<Vec<PrintedLetter>, DatabaseError> {
        let printed = self.db().read(|conn| Ok::<_, DatabaseError>(letters_printed(conn, MOST)?)).await?;
        let letter = |(id, kind, ms): (MessageId, String, i64)| PrintedLetter {
            id,
            kind,
            at: Timestamp::from_seconds(ms.div_euclid(1000)),
        };
        Ok(printed.into_iter().map(letter).collect())
    }

    /// A system says that an officer saw the letter reach her: it is delivered, and the page goes. A row in the audit trail either way.
    ///
    /// # Errors
    /// If no such letter waits, the officer has no open account that may, or the same person confirmed what the letter tells.
    pub async fn letter_handed_over(
        &self,
        letter: &MessageId,
        (system, officer): (&SystemName, &SystemName),
    ) -> Result<(), HandOverError> {
        let row = audit::done(system.as_str(), HANDED_OVER, &format!("{letter} {officer}"), self.now());
        let (id, by, now_ms) = (letter.clone(), officer.clone(), self.now_ms());
        let with = self.clone();
        let done = self.db().write(move |conn| {
            // A name that anybody may write down is nobody's word.
            if !account_may(conn, &with, &by, &takers())? {
                audit::append(conn, &audit::refused(row, Some(Code::AccessDenied)))?;
                return Ok(Err(HandOverError::Officer));
            }
            match apart_from_who_confirmed(conn, with.keys(), (&id, &by)) {
                Ok(()) => {}
                Err(OfficerRefused::Refused(refusal)) => {
                    audit::append(conn, &audit::refused(row, Some(refusal.code())))?;
                    return Ok(Err(HandOverError::Confirmed));
                }
                Err(OfficerRefused::Failed(error)) => return Err(error),
            }
            let waits = letters_printed(conn, i64::MAX)
                .map_err(DecisionStoreError::from)?
                .iter()
                .any(|(waiting, _, _)| *waiting == id);
            let step = Step::Delivered(by.to_string());
            let done = waits
                && delivery_step(conn, (&id, Channel::Letter), &step, now_ms).map_err(DecisionStoreError::from)?;
            let row = if done { row } else { audit::refused(row, Some(Code::NotFound)) };
            audit::append(conn, &row)?;
            Ok::<_, DecisionError>(if done { Ok(()) } else { Err(HandOverError::Unknown) })
        });
        done.await??;
        if let Some(settings) = &self.config().notices.letters {
            let path = file(&settings.folder.resolve(), letter);
            if let Err(error) = std::fs::remove_file(&path) {
                // The letter is delivered all the same; the page is a copy that somebody must take away.
                tracing::error!(%letter, kind = %error.kind(), "the page of a letter could not be removed");
            }
        }
        Ok(())
    }
}
