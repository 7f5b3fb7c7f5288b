//! When a request is fresh and whom it is for (protocol, "Requests"). Pure: `now` is an argument.
//!
//! Required claims are the non-optional members of the types in `schemas`: an absent claim does not parse.

use schemas::{
    id::EntityId,
    problem::Code,
    time::{NumericDate, Timestamp},
};

/// The longest life of a request, seconds.
pub const MAX_LIFE: i64 = 120;
/// How far clocks may differ, seconds, both ways.
pub const SKEW: i64 = 10;

/// A verified request is not for us or not for now.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ClaimsError {
    /// Too old, too long-lived or from the future.
    #[error("the request is too old, too long-lived, or from the future")]
    Stale,
    /// For another receiver.
    #[error("the message is meant for another receiver")]
    AudienceWrong,
}

impl ClaimsError {
    /// The code of refusal.
    pub const fn code(self) -> Code {
        match self {
            Self::Stale => Code::Stale,
            Self::AudienceWrong => Code::AudienceWrong,
        }
    }
}

/// Allows a request that lives at most 120 s, was issued at most 10 s ahead and ended at most 10 s ago.
///
/// # Errors
/// [`ClaimsError::Stale`].
pub fn authorize_fresh(iat: NumericDate, exp: NumericDate, now: Timestamp) -> Result<(), ClaimsError> {
    let (iat, exp, now) = (iat.seconds(), exp.seconds(), now.seconds());
    let lives = (0..=MAX_LIFE).contains(&(exp - iat));
    if lives && iat <= now + SKEW && exp >= now - SKEW { Ok(()) } else { Err(ClaimsError::Stale) }
}

/// Allows a message that names us as its one receiver.
///
/// # Errors
/// [`ClaimsError::AudienceWrong`].
pub fn authorize_audience(aud: &EntityId, us: &EntityId) -> Result<(), ClaimsError> {
    if aud == us { Ok(()) } else { Err(ClaimsError::AudienceWrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_fresh_from_ten_seconds_before_to_ten_after_its_life() {
        let now = 1_795_248_100;
        for (iat, exp, fresh, why) in [
            (now, now + 60, true, "usual"),
            (now, now + 120, true, "the longest life"),
            (now, now + 121, false, "a second too long"),
            (now + 10, now + 70, true, "sender's clock ten seconds ahead"),
            (now + 11, now + 70, false, "eleven ahead"),
            (now - 70, now - 10, true, "ended ten seconds ago"),
            (now - 71, now - 11, false, "ended eleven seconds ago"),
            (now, now - 1, false, "ends before it begins"),
            (now, now, true, "a life of no length, within the skew"),
            (0, now + 60, false, "issued in 1970"),
        ] {
            let (iat, exp) = (NumericDate::from_seconds(iat), NumericDate::from_seconds(exp));
            let verdict = authorize_fresh(iat, exp, Timestamp::from_seconds(now));
            assert_eq!(verdict, if fresh { Ok(()) } else { Err(ClaimsError::Stale) }, "{why}");
        }
    }

    #[test]
    fn a_message_for_another_is_refused() {
        let us = "https://revenue.gov.example".parse().unwrap();
        let other = "https://food.gov.example".parse().unwrap();
        assert_eq!(authorize_audience(&us, &us), Ok(()));
        assert_eq!(authorize_audience(&other, &us).map_err(ClaimsError::code), Err(Code::AudienceWrong));
    }
}
