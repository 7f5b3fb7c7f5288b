//! What every way to a citizen can do: take one message, and say what became of it.

use futures_util::future::BoxFuture;
use schemas::{
    id::MessageId,
    notice::{Channel, MailAddress, NoticeText, Phone},
    time::Timestamp,
};
use service_kit::words::Language;

/// One message to one person. Its parts are personal data.
#[derive(Clone)]
pub struct Message {
    /// The notice's id: the same for each try, so that a receiver can tell a repeat.
    pub id: MessageId,
    /// Where.
    pub to: Address,
    /// In which language.
    pub language: Language,
    /// In the languages of the state, the chosen one first.
    pub texts: Vec<Worded>,
    /// When the notice came to be.
    pub at: Timestamp,
}

/// A notice in one language.
#[derive(Clone)]
pub struct Worded {
    /// Which.
    pub language: Language,
    /// Title and whole sentences.
    pub text: NoticeText,
    /// For a short message.
    pub short: String,
    /// The line that names the notice's number.
    pub foot: String,
    /// The department that tells.
    pub department: String,
}

/// Where a message goes.
#[derive(Clone)]
pub enum Address {
    /// By mail.
    Mail(MailAddress),
    /// By short message.
    Phone(Phone),
    /// On paper, by the department's own number of her: its files hold the postal address.
    Number(String),
}

/// It went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It counts as delivered; why: a reply code or an HTTP status, never a text.
    Delivered(String),
    /// The letter lies in the folder; it counts when an officer says so.
    Printed,
}

/// It did not go.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDelivered {
    /// It may go later. The problem holds no personal data.
    #[error("not delivered yet: {problem}")]
    Later {
        /// What went wrong.
        problem: String,
        /// Seconds that the other side asked us to wait.
        retry_after: Option<u32>,
    },
    /// It will never go there.
    #[error("not deliverable: {problem}")]
    Never {
        /// What the other side said, without personal data.
        problem: String,
    },
}

impl NotDelivered {
    /// It may go later.
    pub fn later(problem: impl Into<String>) -> Self {
        Self::Later { problem: problem.into(), retry_after: None }
    }
}

/// One way to citizens.
pub trait Notifier: Send + Sync + std::fmt::Debug {
    /// Which way.
    fn channel(&self) -> Channel;

    /// Takes one message. Called again with the same message after a failure, and after a crash between sending and storing.
    ///
    /// # Errors
    /// [`NotDelivered`].
    fn deliver<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Arrival, NotDelivered>>;
}
