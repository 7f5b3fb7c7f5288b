//! One exchange: query, answer, and the two receipts, as types that say what has been verified.
//!
//! Guarantees: a [`PeerQuery`] exists only after the peer's signature was verified; an [`Attested`] claim set is known
//! to be signed by the member that it names; a [`VerifiedAnswer`] belongs to exactly the query that was sent and its
//! receipt to it. Deliberately absent: whether the basis allows the answer (`consent`), storage, replay and HTTP.
//! Source: protocol, "Query, answer, receipts".

mod accept;
mod answer;
mod ask;
mod attested;
#[cfg(test)]
pub(crate) mod fixture;
mod naming;
mod open;
mod pair;
#[cfg(test)]
mod tests;

pub use accept::{MemberQuery, NotAccepted, PeerQuery, accept, authorize_peer};
pub use answer::{Evidence, Provider, SealedRecord, SignedAnswer};
pub use ask::{Consumer, Question};
pub use attested::{Attested, MemberClaims, NotAttested};
pub use naming::{open_naming, seal_naming};
pub(crate) use open::first_opened;
pub use open::{AnswerInvalid, Answered, CounterpartInvalid, VerifiedAnswer, accept_counterpart, open_answer};
pub use pair::{PairRule, ReceiptFault, check_receipt};
