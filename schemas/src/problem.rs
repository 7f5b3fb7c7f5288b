//! Codes of refusal, and the problem document (RFC 9457) that carries them. One table: code, status, title.
//!
//! Guarantees: every code that any listener can give has exactly one entry here. Deliberately absent: internal
//! detail; a problem tells its reader what to do, never what went on inside.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($variant:ident $text:literal $status:literal $title:literal;)*) => {
        /// Why something was refused. The text form is stable and stands in signed answers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum Code { $(#[doc = $title] #[serde(rename = $text)] $variant,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The stable text form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }

            /// The HTTP status that carries this code (RFC 9110 §15).
            pub const fn status(self) -> u16 {
                match self { $(Code::$variant => $status,)* }
            }

            /// One English sentence for a person.
            pub const fn title(self) -> &'static str {
                match self { $(Code::$variant => $title,)* }
            }
        }
    };
}

codes! {
    // the basis: what the citizen or the law allows
    ConsentMissing "consent-missing" 403 "No consent came with the query.";
    ConsentExpired "consent-expired" 403 "The consent has ended.";
    ConsentNotYetValid "consent-not-yet-valid" 403 "The consent begins later.";
    ConsentRevoked "consent-revoked" 403 "The citizen has revoked the consent.";
    ConsentPaused "consent-paused" 403 "The citizen has paused the consent.";
    ConsentWrongSubject "consent-wrong-subject" 403 "The consent was not signed by the person it speaks of.";
    ConsentWrongConsumer "consent-wrong-consumer" 403 "The consent names another asking department.";
    ConsentWrongProvider "consent-wrong-provider" 403 "The consent names another answering department.";
    ConsentScopeExceeded "consent-scope-exceeded" 403 "The query asks for more than the consent allows.";
    ConsentPurposeMismatch "consent-purpose-mismatch" 403 "The query's purpose is not the consent's purpose.";
    ConsentUsedUp "consent-used-up" 403 "The consent has been used as often as it allows.";
    ConsentAboveTemplate "consent-above-template" 403 "The consent goes beyond the registered bounds of its purpose.";
    BindingMissing "binding-missing" 403 "No resident binding came with the consent.";
    BindingInvalid "binding-invalid" 403 "The resident binding could not be verified.";
    BindingRevoked "binding-revoked" 403 "The resident binding has been revoked.";
    BindingSuspended "binding-suspended" 403 "The resident binding is suspended.";
    BindingAssuranceTooLow "binding-assurance-too-low" 403 "The dataset requires a higher assurance of the person.";
    BindingStatusUnavailable "binding-status-unavailable" 503 "The status of the binding is not known freshly enough.";
    LiveNonceRequired "live-nonce-required" 403 "This purpose needs a proof of presence over a live nonce.";
    GuardianshipInvalid "guardianship-invalid" 403 "The guardianship could not be verified.";
    LawNotRegistered "law-not-registered" 403 "No registered law allows this query.";
    LawScopeExceeded "law-scope-exceeded" 403 "The query asks for more than the registered law allows.";
    LawQuotaExceeded "law-quota-exceeded" 429 "The daily quota under this law is used up.";
    // comparing two rolls
    OverlapNotAllowed "overlap-not-allowed" 403 "The law does not allow rolls to be compared.";
    OverlapTooLarge "overlap-too-large" 403 "More people than may be compared under this law.";
    OverlapPointsInvalid "overlap-points-invalid" 400 "The points of this comparison are not what they have to be.";
    OverlapEnded "overlap-ended" 409 "This comparison is not under way here.";
    // the peer and its message
    PeerUnknown "peer-unknown" 401 "The caller is not a member of this federation.";
    PeerSuspended "peer-suspended" 403 "The caller's membership is suspended.";
    PeerCertificateMismatch "peer-certificate-mismatch" 401 "The certificate is not one that the directory lists for the signer.";
    RoleMissing "role-missing" 403 "The signer does not hold the role that this needs.";
    SignatureInvalid "signature-invalid" 401 "The signature could not be verified.";
    TokenMalformed "token-malformed" 400 "The token is malformed.";
    TokenTypeWrong "token-type-wrong" 400 "The token is of another type than this endpoint takes.";
    VersionUnsupported "version-unsupported" 400 "This version of the structure is not supported.";
    AudienceWrong "audience-wrong" 403 "The message is meant for another receiver.";
    Replayed "replayed" 409 "This message id has been used before.";
    Stale "stale" 400 "The message is too old, too long-lived, or from the future.";
    DatasetUnknown "dataset-unknown" 404 "This department does not offer that dataset.";
    NotFoundOrNotPermitted "not-found-or-not-permitted" 404 "There is no such person here, or the basis does not reach this person.";
    RegistryUnavailable "registry-unavailable" 503 "The department's own database did not answer.";
    AnchorOverdue "anchor-overdue" 503 "Receipts have waited too long for the trust anchor; exchanges pause until they are logged.";
    DirectoryOutdated "directory-outdated" 503 "The directory of members is too old or went back.";
    Overloaded "overloaded" 503 "Too much is waiting; try again later.";
    // plain HTTP, before or beside the protocol
    RequestMalformed "request-malformed" 400 "The request could not be read.";
    AccessDenied "access-denied" 403 "The caller may not do this.";
    NotAuthenticated "not-authenticated" 401 "The caller did not prove who it is.";
    FormForeign "form-foreign" 403 "The form did not come from a page that this server gave to this person.";
    SignInRefused "sign-in-refused" 401 "Name and password do not fit, or the account may not sign in.";
    PasswordUnsuitable "password-unsuitable" 400 "The password is too short, too long, or too well known.";
    InvitationInvalid "invitation-invalid" 410 "The invitation was used, has ended, or never was.";
    NotFound "not-found" 404 "There is nothing here.";
    MethodNotAllowed "method-not-allowed" 405 "This address does not take that method.";
    FourEyesRequired "four-eyes-required" 403 "Somebody else must decide this.";
    SchemeNotClean "scheme-not-clean" 400 "The scheme's file has errors.";
    BacktestMissing "backtest-missing" 409 "The version was not tested on the roll.";
    LeaversUnread "leavers-unread" 409 "Nobody has read the sample of people who would leave.";
    ReasonMissing "reason-missing" 400 "This needs an officer and a reason in words.";
    Conflict "conflict" 409 "This contradicts what was recorded before.";
    RequestTooLarge "request-too-large" 413 "The body is larger than this address takes.";
    MediaTypeUnsupported "media-type-unsupported" 415 "The body's type or encoding is not taken here.";
    RequestTimeout "request-timeout" 408 "The request came too slowly.";
    TooManyRequests "too-many-requests" 429 "Too many requests in a short time.";
    RequestExpired "request-expired" 410 "The request has expired.";
    PeerUnavailable "peer-unavailable" 502 "The other department could not be reached.";
    PeerAnswerInvalid "peer-answer-invalid" 502 "The other department's answer could not be verified.";
    Internal "internal" 500 "Something went wrong on our side.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no code of the table.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("this is no known code")]
pub struct UnknownCode;

impl std::str::FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text).ok_or(UnknownCode)
    }
}

/// A problem document, `application/problem+json` (RFC 9457 §3.1), with our members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// `https://<entity>/problems/<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// One sentence, the same for each problem of this code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Our code.
    pub code: Code,
    /// The server's id for this request; give it to the department's help desk.
    pub request_id: String,
    /// What was wrong here and how to mend it; never internal text, never personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The other department's signed refusal, a compact JWS, where one was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Seconds after which to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// The media type of the document.
    pub const MEDIA_TYPE: &str = "application/problem+json";

    /// The plain document of a code, at an entity, for one request.
    pub fn new(entity: &crate::id::EntityId, code: Code, request_id: impl Into<String>) -> Self {
        Self {
            kind: format!("{}/problems/{code}", entity.as_str().trim_end_matches('/')),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            request_id: request_id.into(),
            detail: None,
            refusal: None,
            retry_after: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_code_stands_once_and_reads_back() {
        let texts: BTreeSet<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(code.as_str().parse(), Ok(*code));
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{code}\""));
            assert!((400..600).contains(&code.status()), "{code}");
            assert!(code.title().ends_with('.'), "{code}");
        }
    }

    #[test]
    fn a_problem_names_its_entity_code_and_status() {
        let entity = "https://revenue.gov.example".parse().unwrap();
        let problem = Problem::new(&entity, Code::ConsentUsedUp, "r-1");
        assert_eq!(problem.kind, "https://revenue.gov.example/problems/consent-used-up");
        assert_eq!((problem.status, problem.code), (403, Code::ConsentUsedUp));
    }
}
