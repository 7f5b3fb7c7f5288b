//! The table of top-level types: the name of the file, and what can be asked of the type behind it.

use schemars::{JsonSchema, Schema, schema_for};
use schemas::{
    answer, asking, assisted, benefits, bundle, catalogue, citizen, consent, decision, erasure, event, federation,
    head, linking, local, naming, notice, openid, overlap, problem, query, receipt, roll_order, scheme, wallet_build,
    webhook,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// One top-level type: file stem, Rust name, its schema, and serde's reading and writing.
pub struct WireType {
    /// Stem of the files in `json/` and `vectors/`.
    pub stem: &'static str,
    /// Name in Rust and in the vectors' `type`.
    pub name: &'static str,
    /// Generates the schema.
    pub schema: fn() -> Schema,
    /// Reads a message and writes it again.
    pub round_trip: fn(&str) -> Result<Value, serde_json::Error>,
}

fn round_trip<T: DeserializeOwned + Serialize>(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str::<T>(text).and_then(|value| serde_json::to_value(value))
}

const fn wire<T: DeserializeOwned + Serialize + JsonSchema>(
    stem: &'static str,
    name: &'static str,
    schema: fn() -> Schema,
) -> WireType {
    WireType { stem, name, schema, round_trip: round_trip::<T> }
}

macro_rules! table {
    ($($stem:literal $module:ident::$name:ident;)*) => {
        /// Every type that travels as a message, a token's claims or a sealed body of its own.
        pub const TYPES: &[WireType] =
            &[$(wire::<$module::$name>($stem, stringify!($name), || schema_for!($module::$name)),)*];
    };
}

table! {
    "query" query::Query;
    "answer" answer::Answer;
    "record" answer::Record;
    "receipt" receipt::Receipt;
    "event" event::Event;
    "named-subject" event::NamedSubject;
    "naming-order" naming::NamingOrder;
    "event-match" event::EventMatch;
    "birth-registered" event::BirthRegistered;
    "birth-annulled" event::BirthAnnulled;
    "birth-stillbirth" event::BirthStillbirth;
    "death-reported" event::DeathReported;
    "death-registered" event::DeathRegistered;
    "death-annulled" event::DeathAnnulled;
    "age-attained" event::AgeAttained;
    "age-revised" event::AgeRevised;
    "marriage-registered" event::MarriageRegistered;
    "marriage-ended" event::MarriageEnded;
    "residence-moved" event::ResidenceMoved;
    "household-changed" event::HouseholdChanged;
    "person-corrected" event::PersonCorrected;
    "person-merged" event::PersonMerged;
    "person-split" event::PersonSplit;
    "presence-confirmed" event::PresenceConfirmed;
    "event-batch" event::EventBatch;
    "event-ack-batch" event::EventAckBatch;
    "event-ack" event::EventAck;
    "event-applied" event::EventApplied;
    "feed-head" event::FeedHead;
    "subscription" event::Subscription;
    "follow-request" event::FollowRequest;
    "follow-list" event::FollowList;
    "entity-configuration" federation::EntityConfiguration;
    "subordinate-statement" federation::SubordinateStatement;
    "resolve-response" federation::ResolveResponse;
    "join-request" federation::JoinRequest;
    "register" federation::Register;
    "signed-register" federation::SignedRegister;
    "anchor-submission" federation::AnchorSubmission;
    "anchor-ack" federation::AnchorAck;
    "consent-credential" consent::ConsentCredential;
    "consent-order" consent::ConsentOrder;
    "order-ack" consent::OrderAck;
    "binding-claims" consent::BindingClaims;
    "binding-presentation" consent::BindingPresentation;
    "guardianship" consent::Guardianship;
    "status-list-token" consent::StatusListToken;
    "bundle" bundle::Bundle;
    "trust-root" bundle::TrustRoot;
    "subjects-page" linking::SubjectsPage;
    "named-resident" linking::NamedResident;
    "problem" problem::Problem;
    "consent-request-order" local::ConsentRequestOrder;
    "consent-request-view" local::ConsentRequestView;
    "local-query" local::LocalQuery;
    "local-answer" local::LocalAnswer;
    "case-query" asking::CaseQuery;
    "case-view" asking::CaseView;
    "part-answer" asking::PartAnswer;
    "batch-order" asking::BatchOrder;
    "batch-state" asking::BatchState;
    "catalogue" catalogue::Catalogue;
    "binding-offer-order" local::BindingOfferOrder;
    "binding-offer" local::BindingOffer;
    "assisted-session" assisted::AssistedSession;
    "approval-order" assisted::ApprovalOrder;
    "approval-asked" assisted::ApprovalAsked;
    "confirmation" assisted::Confirmation;
    "confirmed" assisted::Confirmed;
    "closing" assisted::Closing;
    "assisted-slip" assisted::AssistedSlip;
    "bindings-order" local::BindingsOrder;
    "bindings-changed" local::BindingsChanged;
    "presentation-nonce" citizen::PresentationNonce;
    "nonce-request" citizen::NonceRequest;
    "bundle-request" citizen::BundleRequest;
    "order-standing" citizen::OrderStanding;
    "revoke-request" citizen::RevokeRequest;
    "revoked" citizen::Revoked;
    "guardianships-request" citizen::GuardianshipsRequest;
    "guardianships" citizen::Guardianships;
    "history-request" citizen::HistoryRequest;
    "history" citizen::History;
    "link-request" citizen::LinkRequest;
    "linked" citizen::Linked;
    "request-object" openid::RequestObject;
    "consent-transaction" openid::ConsentTransaction;
    "authorization-response" openid::AuthorizationResponse;
    "credential-offer" openid::CredentialOffer;
    "issuer-metadata" openid::IssuerMetadata;
    "authorization-server-metadata" openid::AuthorizationServerMetadata;
    "token-response" openid::TokenResponse;
    "nonce-response" openid::NonceResponse;
    "credential-request" openid::CredentialRequest;
    "credential-response" openid::CredentialResponse;
    "oauth-error" openid::OAuthError;
    "erase-order" erasure::EraseOrder;
    "erasure-confirmation" erasure::ErasureConfirmation;
    "erasure" erasure::Erasure;
    "roll-order" roll_order::RollOrder;
    "decision-record" decision::DecisionRecord;
    "chain-head" head::ChainHead;
    "notice-record" decision::NoticeRecord;
    "scheme-order" scheme::SchemeOrder;
    "back-test-record" scheme::BackTestRecord;
    "overlap" overlap::Overlap;
    "overlap-result" overlap::OverlapResult;
    "wallet-build" wallet_build::WalletBuild;
    "webhook-event" webhook::WebhookEvent;
    "notices-request" notice::NoticesRequest;
    "notices" notice::Notices;
    "benefits-request" benefits::BenefitsRequest;
    "benefits" benefits::Benefits;
    "offer-answer" benefits::OfferAnswer;
    "objection-request" benefits::ObjectionRequest;
    "objection-order" benefits::ObjectionOrder;
    "objection-taken" benefits::ObjectionTaken;
    "preferences-request" notice::PreferencesRequest;
    "preferences-order" notice::PreferencesOrder;
    "letter-handed-over" notice::LetterHandedOver;
    "message-arrived" notice::MessageArrived;
    "printed-letter" notice::PrintedLetter;
}

/// Types that others extend: claims of a binding or guardianship carry `_sd`, a problem may carry further members (RFC 9457
/// §3.2), and messages of OAuth 2.0 and OpenID4VCI are open (RFC 6749 §5.1). All others are closed.
pub const OPEN: &[&str] = &[
    "binding-claims",
    "guardianship",
    "problem",
    "credential-offer",
    "issuer-metadata",
    "authorization-server-metadata",
    "token-response",
    "nonce-response",
    "credential-response",
    "oauth-error",
];

/// The folder of the crate.
pub fn folder(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Stems of the JSON files in a folder, sorted.
pub fn stems(name: &str) -> Vec<String> {
    let mut stems: Vec<_> = std::fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            assert_eq!(path.extension().and_then(|e| e.to_str()), Some("json"), "{}", path.display());
            path.file_stem().unwrap().to_str().unwrap().to_owned()
        })
        .collect();
    stems.sort();
    stems
}
