//! What a verification says: a list of checks with stable ids, and one verdict.
//!
//! Guarantees: a check that did not run is never counted as passed. Deliberately absent: sentences in a language; the
//! command line and the verify page have theirs, by id.

use schemas::{
    bundle::BundleKind,
    digest::Digest,
    id::{EntityId, MessageId},
    time::{NumericDate, Timestamp},
};
use serde::Serialize;

/// All checks of one bundle, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What the bundle says it is about, once it could be read.
    pub kind: Option<BundleKind>,
    /// What is known of each record whose signature was verified.
    pub records: Vec<RecordSummary>,
    /// The build of the wallet that a record names which passed by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<Digest>,
    /// The checks.
    pub checks: Vec<Check>,
    /// Notes and time stamps that were verified, for a second look with other tools.
    #[serde(skip)]
    pub stamps: Vec<Stamp>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which.
    pub id: CheckId,
    /// Of which record, from 0; none where it is about the bundle as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<usize>,
    /// How it went.
    #[serde(flatten)]
    pub finding: Finding,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", content = "reason", rename_all = "kebab-case")]
pub enum Finding {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed(Reason),
    /// The bundle does not have what it takes.
    CouldNotBeChecked(Reason),
}

/// The answer in one word; the number is the exit code of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything was checked and holds (0).
    Trusted = 0,
    /// Something does not hold (1).
    Failed = 1,
    /// Nothing failed, but something could not be checked (3).
    Undecided = 3,
    /// It is not evidence under the pinned root at all: another anchor, another log, another stamping root (4).
    Foreign = 4,
}

impl Verdict {
    /// The exit code of the command line.
    pub const fn exit_code(self) -> u8 {
        self as u8
    }
}

macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub enum $name { $($(#[$each])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable text form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

texts! {
    /// What was checked.
    CheckId {
        /// The bundle is one strict, bounded, canonical document without duplicates.
        Structure "structure",
        /// The pinned root can be used.
        TrustRoot "trust-root",
        /// The signer's trust chain leads to the pinned anchor, all of it valid when the record was signed.
        SignerChain "signer-chain",
        /// The record is signed with a key that was the signer's then.
        RecordSignature "record-signature",
        /// The signer held the role that the record needs, and was not suspended.
        SignerRole "signer-role",
        /// The record does not contradict itself.
        RecordConsistent "record-consistent",
        /// The checkpoint is signed by the pinned log.
        LogCheckpoint "log-checkpoint",
        /// The record's own entry, of the right type, stands in the log at the index of the proof.
        LogInclusion "log-inclusion",
        /// The record was signed before the log received it.
        LogTime "log-time",
        /// The time-stamp token is over the checkpoint and leads to the pinned stamping root.
        Timestamp "timestamp",
        /// The stamped time is not before the log received the record, and not in the future.
        TimestampTime "timestamp-time",
        /// The other party's record is there.
        CounterpartHeld "counterpart-held",
        /// One provider and one consumer name each other.
        SameParties "same-parties",
        /// Both are about one exchange.
        SameExchange "same-exchange",
        /// Both are about the same query.
        SameQuery "same-query",
        /// Both name the same purpose and dataset.
        SameTerms "same-terms",
        /// Both name the same basis.
        SameBasis "same-basis",
        /// The law that a receipt names stood in the register, and allowed what left.
        LawRegistered "law-registered",
        /// Both name the same sealed data.
        SameData "same-data",
        /// Both name the same items.
        SameFields "same-fields",
        /// Both say the same outcome.
        SameOutcome "same-outcome",
        /// The consumer's receipt names the provider's by digest.
        CounterpartDigest "counterpart-digest",
        /// The record of the erasure names the asking department's receipt by digest.
        Erasure "erasure",
        /// The acknowledgement is by the receiver and names the event by digest.
        Acknowledgement "acknowledgement",
        /// The application is there, by the receiver, and names the event by digest.
        Application "application",
    }
}

texts! {
    /// Why a check failed or could not be made.
    Reason {
        /// Larger than is read.
        TooLarge "too-large",
        /// Not strict JSON: duplicate members, floats, depth, numbers of items.
        NotStrictJson "not-strict-json",
        /// Not a bundle of version 1.
        NotABundle "not-a-bundle",
        /// Not in its one spelling.
        NotCanonical "not-canonical",
        /// Too few or too many records, members, statements or tokens.
        Count "count",
        /// The same thing twice.
        Duplicate "duplicate",
        /// A member's chain that belongs to no record.
        NotNeeded "not-needed",
        /// The pinned root is malformed.
        RootMalformed "root-malformed",
        /// A record of a type that does not belong into this kind of bundle.
        RecordType "record-type",
        /// The record is no acceptable token.
        RecordMalformed "record-malformed",
        /// No chain for the signer.
        ChainMissing "chain-missing",
        /// The chain is malformed or its signatures do not hold.
        ChainInvalid "chain-invalid",
        /// A statement was not valid when the record was signed.
        StatementExpired "statement-expired",
        /// The chain leads to another anchor than the pinned one.
        ForeignAnchor "foreign-anchor",
        /// A statement in the chain does not belong to it: another authority's, or about another configuration.
        ForeignStatement "foreign-statement",
        /// The signature is not by a key that was the signer's then.
        SignatureInvalid "signature-invalid",
        /// The signer lacked the role.
        RoleMissing "role-missing",
        /// The signer was suspended.
        Suspended "suspended",
        /// The record contradicts itself.
        Contradiction "contradiction",
        /// The record is not anchored yet.
        NotAnchored "not-anchored",
        /// The proof is malformed.
        ProofMalformed "proof-malformed",
        /// The checkpoint's signature does not hold.
        CheckpointSignature "checkpoint-signature",
        /// The checkpoint is of another log, or not signed with the pinned key.
        ForeignLog "foreign-log",
        /// The record is not at that index.
        NotIncluded "not-included",
        /// The entry is of another type than the record.
        EntryType "entry-type",
        /// Signed after it was received, or from the future.
        TimeOrder "time-order",
        /// There is no time stamp.
        NotStamped "not-stamped",
        /// The token is malformed, or its signature does not hold.
        TokenInvalid "token-invalid",
        /// The token is over another checkpoint.
        OtherCheckpoint "other-checkpoint",
        /// The token's certificate does not lead to the pinned stamping root.
        ForeignStamp "foreign-stamp",
        /// A certificate was not valid at the stamped time.
        StampExpired "stamp-expired",
        /// The register that a receipt names is not in the bundle.
        RegisterMissing "register-missing",
        /// The register is not signed by two officers of the pinned anchor.
        RegisterInvalid "register-invalid",
        /// The register has no such law, or the law does not allow what left.
        LawExceeded "law-exceeded",
        /// The record of the other party is not in the bundle.
        CounterpartMissing "counterpart-missing",
        /// The two records disagree.
        Mismatch "mismatch",
        /// A check on which this one rests did not pass.
        EarlierCheck "earlier-check",
    }
}

impl Reason {
    /// Whether the reason says that this is no evidence under the pinned root, rather than that it was spoilt.
    pub const fn is_foreign(self) -> bool {
        matches!(
            self,
            Self::RootMalformed | Self::ForeignAnchor | Self::ForeignStatement | Self::ForeignLog | Self::ForeignStamp
        )
    }
}

/// What is known of a record whose signature was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordSummary {
    /// Its place in the bundle, from 0.
    pub record: usize,
    /// Its `typ`.
    pub typ: &'static str,
    /// Who signed it.
    pub iss: EntityId,
    /// Its id.
    pub jti: MessageId,
    /// The exchange or the event that it is about.
    pub about: MessageId,
    /// When it was signed.
    pub iat: NumericDate,
    /// Its index in the log, once proven.
    pub index: Option<u64>,
    /// When the log received it, milliseconds since 1970, once proven.
    pub received_ms: Option<u64>,
    /// The earliest stamped time that covers it, once proven.
    pub stamped: Option<Timestamp>,
}

/// A verified stamp: `note` is what the token in `response` is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The record, from 0.
    pub record: usize,
    /// The checkpoint note with the log's own signature line alone.
    pub note: String,
    /// The RFC 3161 response, DER: `openssl ts -verify -in <it> -data <note> -CAfile <root>`.
    pub response: Vec<u8>,
    /// The stamped time.
    pub stamped: Timestamp,
}

impl Report {
    /// Trust failures weigh most, then failures, then what could not be checked.
    pub fn verdict(&self) -> Verdict {
        let failed = |check: &Check| match check.finding {
            Finding::Failed(reason) => Some(reason),
            _ => None,
        };
        let reasons: Vec<_> = self.checks.iter().filter_map(failed).collect();
        match reasons.iter().any(|reason| reason.is_foreign()) {
            true => Verdict::Foreign,
            false if !reasons.is_empty() => Verdict::Failed,
            false if self.checks.is_empty() || self.checks.iter().any(|c| c.finding != Finding::Passed) => {
                Verdict::Undecided
            }
            false => Verdict::Trusted,
        }
    }

    /// The findings of one check, over all records.
    pub fn findings(&self, id: CheckId) -> Vec<Finding> {
        self.checks.iter().filter(|check| check.id == id).map(|check| check.finding).collect()
    }

    pub(super) fn add(&mut self, id: CheckId, record: Option<usize>, finding: Finding) {
        self.checks.push(Check { id, record, finding });
    }
}

impl<T> From<&Result<T, Reason>> for Finding {
    fn from(result: &Result<T, Reason>) -> Self {
        result.as_ref().err().map_or(Self::Passed, |reason| Self::Failed(*reason))
    }
}

impl From<bool> for Finding {
    fn from(holds: bool) -> Self {
        if holds { Self::Passed } else { Self::Failed(Reason::Mismatch) }
    }
}
