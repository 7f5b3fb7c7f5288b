//! Which ways are configured. None by default: then notices reach wallets alone.

use serde::Deserialize;
use service_kit::{http_client::NetworkPolicy, secret::SecretError, words::WordsError};

use super::{
    letters::{LetterSettings, Letters},
    notifier::Notifier,
    sms::{Sms, SmsSettings},
    smtp::{Smtp, SmtpSettings},
};
use crate::webhooks::OutsideError;

/// `[notices]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeSettings {
    /// Mail.
    #[serde(default)]
    pub smtp: Option<SmtpSettings>,
    /// Short messages.
    #[serde(default)]
    pub sms: Option<SmsSettings>,
    /// Letters.
    #[serde(default)]
    pub letters: Option<LetterSettings>,
}

/// A way cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum NoticesStartError {
    /// The texts.
    #[error(transparent)]
    Texts(WordsError),
    /// A password file.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// An address or its certificates.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// A value.
    #[error("{key}: {problem}; mend: {mend}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong.
        problem: String,
        /// What to do.
        mend: &'static str,
    },
}

impl NoticeSettings {
    /// Opens what is configured.
    pub(super) fn open(&self, networks: &NetworkPolicy) -> Result<Vec<Box<dyn Notifier>>, NoticesStartError> {
        let mut open: Vec<Box<dyn Notifier>> = Vec::new();
        if let Some(smtp) = &self.smtp {
            open.push(Box::new(Smtp::open(smtp, networks)?));
        }
        if let Some(sms) = &self.sms {
            open.push(Box::new(Sms::open(sms, networks)?));
        }
        if let Some(letters) = &self.letters {
            open.push(Box::new(Letters::open(letters)?));
        }
        Ok(open)
    }
}
