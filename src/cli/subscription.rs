//! `vinimay gateway subscription`: who tells whom of which life events.

use clap::{Args, Subcommand};
use gateway::{
    commands::{subscription_approve, subscription_end, subscription_list, subscription_propose},
    triggers::subscribe::Proposal,
};
use schemas::{
    event::{AgeConvention, AgeThreshold, EventFilter, SubscriptionScope},
    id::{EntityId, EventType, LawId, LgdCode, MessageId, PurposeCode, SystemName},
    time::CivilDate,
};
use service_kit::clock::Clock;

use super::{
    gateway::{Config, done},
    output::{Failure, print, print_json},
};

/// What can be done with subscriptions.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Every subscription, of both sides.
    List {
        #[command(flatten)]
        config: Config,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// Propose one to a source, and take its signature.
    #[command(
        after_help = "Example:\n  vinimay gateway subscription propose --source https://civil.gov.example --type in.vinimay.age.attained.v1 --law cg-ages-2026 --purpose social.old-age-pension.eligibility --everybody --age 60 --district 387 --until 2027-03-31"
    )]
    Propose(Box<Propose>),
    /// As the data owner: let a subscription that speaks of everybody be served.
    Approve {
        #[command(flatten)]
        config: Config,
        /// The subscription.
        id: MessageId,
        /// Who gives the word; stands in the audit trail.
        #[arg(long, value_name = "NAME")]
        owner: SystemName,
    },
    /// End one on our side before its last day.
    End {
        #[command(flatten)]
        config: Config,
        /// The subscription.
        id: MessageId,
        /// Who gives the word; stands in the audit trail.
        #[arg(long, value_name = "NAME")]
        by: SystemName,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// What is proposed.
#[derive(Debug, Args)]
pub struct Propose {
    #[command(flatten)]
    config: Config,
    /// Who tells.
    #[arg(long, value_name = "ENTITY")]
    source: EntityId,
    /// Of what; repeat it for more than one.
    #[arg(long = "type", value_name = "TYPE", required = true)]
    types: Vec<EventType>,
    /// Under which registered law.
    #[arg(long)]
    law: LawId,
    /// For what.
    #[arg(long, value_name = "CODE")]
    purpose: PurposeCode,
    /// Of everybody, which needs the data owner's approval; without it, of those on a follow list.
    #[arg(long)]
    everybody: bool,
    /// An age that schemes use: `60`, or `60:day_before`; repeat it for more than one.
    #[arg(long = "age", value_name = "YEARS", value_parser = threshold)]
    ages: Vec<AgeThreshold>,
    /// A state by its LGD code.
    #[arg(long = "state", value_name = "LGD")]
    states: Vec<LgdCode>,
    /// A district by its LGD code.
    #[arg(long = "district", value_name = "LGD")]
    districts: Vec<LgdCode>,
    /// Last day.
    #[arg(long, value_name = "DATE")]
    until: CivilDate,
}

fn threshold(text: &str) -> Result<AgeThreshold, String> {
    let (years, convention) = text.split_once(':').unwrap_or((text, "anniversary"));
    let convention = match convention {
        "anniversary" => AgeConvention::Anniversary,
        "day_before" => AgeConvention::DayBefore,
        _ => return Err("write YEARS, YEARS:anniversary or YEARS:day_before".to_owned()),
    };
    let years = years.parse().map_err(|_| "the years are a whole number below 256".to_owned())?;
    Ok(AgeThreshold { years, convention })
}

impl Propose {
    fn proposal(self) -> Proposal {
        let filter = EventFilter { states: self.states, districts: self.districts, ages: self.ages };
        Proposal {
            source: self.source,
            types: self.types,
            purpose: self.purpose,
            law: self.law,
            scope: if self.everybody { SubscriptionScope::Population } else { SubscriptionScope::Follow },
            filter: (filter != EventFilter::default()).then_some(filter),
            until: self.until,
        }
    }
}

/// Does what the arguments say.
///
/// # Errors
/// With the mend.
pub fn run(command: Command, clock: &Clock) -> Result<(), Failure> {
    match command {
        Command::List { config, json } => {
            let list = done(subscription_list(config.path(), clock))?;
            if json {
                return Ok(print_json(&list)?);
            }
            let mut table = comfy_table::Table::new();
            table
                .load_preset(comfy_table::presets::NOTHING)
                .set_header(["ID", "SIDE", "WITH", "UNTIL", "STATE", "TYPES"]);
            for one in list {
                let (id, peer, until) = (one.id.to_string(), one.peer.to_string(), one.until.to_string());
                table.add_row([id, one.side.to_owned(), peer, until, one.state.to_owned(), one.types.join(" ")]);
            }
            Ok(print(table.to_string().trim_end())?)
        }
        Command::Propose(propose) => {
            let path = propose.config.path().to_owned();
            Ok(print_json(&done(subscription_propose(&path, propose.proposal(), clock))?)?)
        }
        Command::Approve { config, id, owner } => {
            Ok(print_json(&done(subscription_approve(config.path(), id, owner.as_str(), clock))?)?)
        }
        Command::End { config, id, by, reason } => {
            Ok(print_json(&done(subscription_end(config.path(), id, (by.as_str(), &reason), clock))?)?)
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_years_and_a_convention() {
        let age = |years, convention| AgeThreshold { years, convention };
        assert_eq!(threshold("60"), Ok(age(60, AgeConvention::Anniversary)));
        assert_eq!(threshold("18:day_before"), Ok(age(18, AgeConvention::DayBefore)));
        for bad in ["", "sixty", "300", "60:birthday", "-1"] {
            assert!(threshold(bad).is_err(), "{bad}");
        }
    }
}
