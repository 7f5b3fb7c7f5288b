//! Decisions in a real gateway over a department's own table: hold, notice, window, removal; objection; annulment; offers; the breaker.

mod amended;
mod breaker;
mod contesting;
mod entering;
mod joined;
mod knowing;
mod leaving;
mod matching;
mod outcome;
mod replacing;
mod steady;
mod wallet;
mod world;
