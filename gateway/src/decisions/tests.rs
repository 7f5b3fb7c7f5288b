//! Decisions in a real gateway over a department's own table: hold, notice, window, removal; objection; annulment; offers; the breaker.

mod entering;
mod leaving;
mod matching;
mod outcome;
mod world;
