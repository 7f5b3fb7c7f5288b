//! X.509 times as ours.

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use schemas::time::Timestamp;

/// The instant; a time that cannot be read is the epoch, so that such a certificate has always expired.
pub(super) fn of(time: &Asn1TimeRef) -> Timestamp {
    let seconds = Asn1Time::from_unix(0)
        .and_then(|epoch| epoch.diff(time))
        .map_or(0, |diff| i64::from(diff.days).saturating_mul(86_400).saturating_add(i64::from(diff.secs)));
    Timestamp::from_seconds(seconds)
}
