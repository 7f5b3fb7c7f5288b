//! The `typ` of each kind of JWS: one verifier accepts exactly one (RFC 8725 §3.11; protocol, first table).

macro_rules! types {
    ($($(#[$doc:meta])* $variant:ident $text:literal;)*) => {
        /// The kind of a signed thing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Typ { $($(#[$doc])* $variant,)* }

        impl Typ {
            /// Every kind, in the order of the protocol's table.
            pub const ALL: &[Typ] = &[$(Typ::$variant,)*];

            /// The header's `typ`, exactly; media types are compared without `application/` (RFC 7515 §4.1.9).
            pub const fn as_str(self) -> &'static str {
                match self { $(Typ::$variant => $text,)* }
            }
        }
    };
}

types! {
    /// Entity configuration or subordinate statement (OpenID Federation 1.1 §3).
    EntityStatement "entity-statement+jwt";
    /// A resolved trust chain (OpenID Federation 1.1 §8.3.2).
    ResolveResponse "resolve-response+jwt";
    /// Keys that were used before (OpenID Federation 1.1 §8.7.2).
    HistoricalKeys "jwk-set+jwt";
    /// Purpose registry or register of laws.
    Register "dx-register+jwt";
    /// Issuer-signed part of a resident binding or guardianship (SD-JWT VC).
    SdJwtVc "dc+sd-jwt";
    /// Key binding of an SD-JWT (RFC 9901 §4.3).
    KeyBinding "kb+jwt";
    /// Token status list.
    StatusList "statuslist+jwt";
    /// Proof of possession of the key for which a binding is asked (OpenID4VCI 1.0, appendix F.1).
    CredentialProof "openid4vci-proof+jwt";
    /// DPoP proof (RFC 9449 §4.2).
    Dpop "dpop+jwt";
    /// Consent credential (VCDM 2.0 secured by JOSE).
    Consent "vc+jwt";
    /// OpenID4VP request object (RFC 9101 §10.8).
    RequestObject "oauth-authz-req+jwt";
    /// A citizen's revoke, pause, resume or shorten.
    ConsentOrder "consent-order+jwt";
    /// A citizen's objection.
    Objection "dx-objection+jwt";
    /// Acknowledgement of a citizen's order.
    OrderAck "dx-order-ack+jwt";
    /// A gateway's order to a system of its own department to erase an answer.
    EraseOrder "dx-erase-order+jwt";
    /// A gateway's order to a system of its own department to change a row of a roll.
    RollOrder "dx-roll-order+jwt";
    /// A citizen's order about notices.
    Preferences "dx-preferences+jwt";
    /// Record of an erasure.
    Erasure "dx-erasure+jwt";
    /// Query.
    Query "dx-query+jwt";
    /// Answer.
    Answer "dx-answer+jwt";
    /// Receipt of one side.
    Receipt "dx-receipt+jwt";
    /// Life event.
    Event "dx-event+jwt";
    /// Acknowledgement of an event.
    EventAck "dx-event-ack+jwt";
    /// Application of an event.
    EventApplied "dx-event-applied+jwt";
    /// Head of an event feed.
    FeedHead "dx-feed-head+jwt";
    /// Subscription to events, signed by both sides.
    Subscription "dx-subscription+jwt";
    /// A subscriber's change of its follow list.
    Follow "dx-follow+jwt";
    /// Statement of the identity registry that names a person to one receiver, for one asker.
    NamedSubject "dx-subject+jwt";
    /// Page of residents whom the identity registry names to a department for linking.
    Subjects "dx-subjects+jwt";
    /// Version of a scheme, signed by two officers.
    Scheme "dx-scheme+jwt";
    /// Decision on a beneficiary.
    Decision "dx-decision+jwt";
    /// An officer's proof that she holds the key she hands in.
    OfficerKey "dx-officer-key+jwt";
    /// An officer's order about a decision, to her own department.
    Review "dx-review+jwt";
    /// Notice to a citizen.
    Notice "dx-notice+jwt";
    /// Result of a back-test.
    Backtest "dx-backtest+jwt";
    /// Head of a journal or audit trail.
    Head "dx-head+jwt";
    /// Hourly tally.
    Tally "dx-tally+jwt";
    /// Build of the wallet.
    Build "dx-build+jwt";
    /// Request for the overlap of two rolls.
    Overlap "dx-overlap+jwt";
    /// Its result.
    OverlapResult "dx-overlap-result+jwt";
    /// Submission of digests to the anchor.
    AnchorSubmit "dx-anchor-submit+jwt";
    /// The anchor's acknowledgement.
    AnchorAck "dx-anchor-ack+jwt";
}

impl Typ {
    /// Whether the claims carry `"v":1` at their top: ours do, those of other standards do not.
    pub fn is_versioned(self) -> bool {
        self.as_str().starts_with("dx-") || self == Self::ConsentOrder
    }

    /// Whether the header may hold the public key itself, because the token proves possession of it.
    pub const fn proves_header_key(self) -> bool {
        matches!(self, Self::CredentialProof | Self::Dpop)
    }

    pub(crate) fn of(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|typ| typ.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_text() {
        for typ in Typ::ALL {
            assert_eq!(Typ::of(typ.as_str()), Some(*typ));
        }
        assert_eq!(Typ::of("JWT"), None);
        assert_eq!(Typ::of("application/dx-query+jwt"), None);
        assert_eq!(Typ::of("DX-QUERY+JWT"), None);
    }

    #[test]
    fn only_our_own_kinds_are_versioned() {
        assert!(Typ::Query.is_versioned() && Typ::ConsentOrder.is_versioned());
        for foreign in
            [Typ::EntityStatement, Typ::SdJwtVc, Typ::KeyBinding, Typ::Consent, Typ::RequestObject, Typ::Dpop]
        {
            assert!(!foreign.is_versioned(), "{foreign:?}");
        }
    }
}
