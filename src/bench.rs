//! Measuring a federation from outside: a driver that keeps so many requests in flight, latencies, and what processes used.
//!
//! Guarantees: a figure is counted over exactly the measured window; percentiles are of single requests, not of averages.
//! Deliberately absent: what is asked and of whom (`benches/exchange`), and any way into a server but its listeners.

mod latency;
mod load;
mod process;
mod report;

pub use latency::Latencies;
pub use load::{Answered, Measured, Plan, drive};
pub use process::{Machine, MachineUse, Party, PartyUse, children, parent, peak_kib, watch};
pub use report::{CryptoOperation, Floor, Report, Run, bound_by};
