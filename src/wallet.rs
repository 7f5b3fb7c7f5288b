//! A citizen's wallet on the command line: for assisted centres, for scripts, and for trying every endpoint that a web wallet
//! will use.
//!
//! Guarantees: the anchor is pinned by a fingerprint from paper, never by first contact; one key and one binding for each
//! department that may ask, so that departments cannot compare; what is signed is what was shown, by digest; an order that
//! did not reach a party is kept and tried again at the next command. Keys stand in files that only this user can read
//! (mode 0600 in a folder of mode 0700): whoever is this user is the citizen. Deliberately absent: assisted
//! sessions, and a memory of the directory's greatest versions (a gateway has one).

mod benefits;
mod bind;
mod build;
mod decide;
mod ending;
mod error;
mod export;
mod federation;
mod history;
mod home;
mod objections;
mod orders;
mod post;
mod request;
mod served;
mod wards;

pub use benefits::{Answered, FoundHer, answer, benefits};
pub use bind::{Bound, bind};
pub use decide::{Granted, deny, grant};
pub use ending::replace;
pub use error::WalletError;
pub use export::{Exported, export};
pub use federation::{Federation, pin};
pub use history::{Told, history};
pub use home::{Home, Settings};
pub use objections::{Objected, object};
pub use orders::{Ordered, order, retry_pending};
pub use request::{Card, show};
pub use served::{Compared, check_folder, check_served};
pub use wards::{Wards, wards};
