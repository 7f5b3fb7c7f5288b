//! Reading `[benefit]` and `[effect.include]`, `[effect.remove]`.

use super::{
    clauses,
    reader::{Reader, Table},
};
use crate::{
    benefit::{BenefitRule, Slab},
    clause::FactNeed,
    effect::{Breaker, ClauseFalseRule, DeathRule, Effect, Include, Mode, MoveRule, NoticeTo, Remove},
    expression::Wanted,
};

/// The stages at which a death may have an effect; a reported one only flags.
const STAGES: &[(&str, bool)] = &[("registered", true), ("never", false)];

pub(super) fn benefit(reader: &mut Reader<'_>, file: &mut Table<'_>) -> Option<(BenefitRule, Option<FactNeed>)> {
    let mut table = file.required_table(reader, "benefit")?;
    let place = table.place();
    let mut found: Vec<BenefitRule> = Vec::new();
    let mut present = 0;
    if table.value("slabs").is_some() {
        present += 1;
        found.push(BenefitRule::Slabs(slabs(reader, &mut table)));
    }
    if let Some(value) = table.value("formula") {
        present += 1;
        found.extend(clauses::expression(reader, value, Wanted::Amount).map(BenefitRule::Formula));
    }
    if table.value("once").is_some() {
        present += 1;
        let amount = table.optional_integer(reader, "once", 1..=10_000_000).and_then(|n| u32::try_from(n).ok());
        found.extend(amount.map(BenefitRule::Once));
    }
    if table.value("in_kind").is_some() {
        present += 1;
        found.extend(table.optional_bool(reader, "in_kind").filter(|b| *b).map(|_| BenefitRule::InKind));
    }
    let need = clauses::need(reader, &mut table);
    table.finish(reader);
    if present != 1 {
        let help = "give one of `slabs = [ … ]`, `formula = \"…\"`, `once = 6000`, `in_kind = true`";
        reader.refuse("bad-value", place, "`benefit` says one thing", help);
    }
    found.into_iter().next().map(|rule| (rule, need))
}

fn slabs(reader: &mut Reader<'_>, table: &mut Table<'_>) -> Vec<Slab> {
    let mut slabs: Vec<Slab> = Vec::new();
    for mut slab in table.tables(reader, "slabs") {
        let span = slab.place();
        let age_from = slab.integer_within(reader, "age_from", 0..=120).and_then(|n| u8::try_from(n).ok());
        let monthly = slab.integer_within(reader, "monthly", 1..=1_000_000).and_then(|n| u32::try_from(n).ok());
        slab.finish(reader);
        let (Some(age_from), Some(monthly)) = (age_from, monthly) else { continue };
        if slabs.last().is_some_and(|before| before.age_from >= age_from) {
            reader.refuse(
                "ages-overlap",
                span.clone(),
                "the ages of the slabs do not rise",
                "write them from the youngest on, each age once",
            );
        }
        slabs.push(Slab { age_from, monthly, span });
    }
    if slabs.is_empty() {
        reader.refuse(
            "bad-value",
            table.place_of("slabs"),
            "`slabs` is empty",
            "such as { age_from = 60, monthly = 500 }",
        );
    }
    slabs
}

pub(super) fn read(reader: &mut Reader<'_>, file: &mut Table<'_>) -> Option<Effect> {
    let mut effect = file.required_table(reader, "effect")?;
    let include = effect.required_table(reader, "include").and_then(|table| include(reader, table));
    let remove = effect.optional_table(reader, "remove").map(|table| remove(reader, table)).unwrap_or_default();
    effect.finish(reader);
    Some(Effect { include: include?, remove })
}

fn include(reader: &mut Reader<'_>, mut table: Table<'_>) -> Option<Include> {
    let mode = table.one_of(reader, "mode", &[("offer", false), ("enrol", true)]);
    let basis = table.optional_text(reader, "basis");
    let place = table.place_of("mode");
    let months = table.optional_integer(reader, "declined_for_months", 1..=60).unwrap_or(12);
    table.finish(reader);
    let named = basis.as_deref().and_then(|b| b.strip_prefix("law:")).is_some_and(|law| !law.is_empty());
    let mode = match mode? {
        true if !named => {
            let what = "`enrol` enters people without asking them and has no legal basis";
            reader.refuse(
                "no-legal-basis",
                place,
                what,
                "name the registered law, `basis = \"law:nfsa-2013\"`, or use `offer`",
            );
            return None;
        }
        true => Mode::Enrol { basis: basis? },
        false if basis.is_some() => {
            reader.refuse(
                "bad-value",
                place,
                "an offer rests on consent, not on a law",
                "leave `basis` out, or use `enrol`",
            );
            return None;
        }
        false => Mode::Offer,
    };
    Some(Include { mode, remembered_months: u8::try_from(months).ok()? })
}

fn remove(reader: &mut Reader<'_>, mut table: Table<'_>) -> Remove {
    let death = table.optional_table(reader, "death").and_then(|t| death(reader, t));
    let moved = table.optional_table(reader, "moved_out_of_state").and_then(|mut t| {
        let hold = t.optional_bool(reader, "hold").unwrap_or(false);
        let after = t.integer_within(reader, "remove_after_days", 0..=3650);
        let notice = notice_days(reader, &mut t);
        t.finish(reader);
        Some(MoveRule { hold, remove_after_days: u16::try_from(after?).ok()?, notice_days: notice? })
    });
    let clause_false = table.optional_table(reader, "clause_false").and_then(|mut t| {
        let officer = t.optional_bool(reader, "officer").unwrap_or(true);
        let notice = notice_days(reader, &mut t);
        t.finish(reader);
        Some(ClauseFalseRule { notice_days: notice?, officer })
    });
    // There is one thing that the unknown may do; the file says it so that its readers know.
    table.optional_one_of(reader, "unknown", &[("no_action", ())]);
    let breaker = table.optional_table(reader, "breaker").and_then(|mut t| {
        let roll = t.hundredths(reader, "percent_of_roll");
        let median = t.hundredths(reader, "times_median_90d");
        t.finish(reader);
        Some(Breaker { basis_points_of_roll: roll?, percent_of_median_90d: median? })
    });
    table.finish(reader);
    Remove { death, moved_out_of_state: moved, clause_false, breaker }
}

fn death(reader: &mut Reader<'_>, mut table: Table<'_>) -> Option<DeathRule> {
    for key in ["hold_at", "remove_at"] {
        if table.value(key).and_then(|v| v.get_ref().as_str()) == Some("reported") {
            let at = table.place_of(key);
            reader.refuse("reported-death", at, "a reported death only flags", "use `registered`");
            return None;
        }
    }
    let hold = table.optional_one_of(reader, "hold_at", STAGES);
    let removes = table.optional_one_of(reader, "remove_at", STAGES);
    let notice = notice_days(reader, &mut table);
    let whom = [("person", NoticeTo::Person), ("household", NoticeTo::Household)];
    let to = table.optional_one_of(reader, "notice_to", &whom);
    table.finish(reader);
    removes.unwrap_or(true).then_some(DeathRule {
        hold: hold.unwrap_or(false),
        notice_days: notice?,
        notice_to: to.unwrap_or(NoticeTo::Household),
    })
}

fn notice_days(reader: &mut Reader<'_>, table: &mut Table<'_>) -> Option<u16> {
    let days = table.integer_within(reader, "notice_days", i64::from(crate::effect::LEAST_NOTICE_DAYS)..=365);
    days.and_then(|n| u16::try_from(n).ok())
}
