//! What a scheme pays: slabs by age, or a formula.
//!
//! Guarantees: whole rupees a month, never negative; unknown where a fact that matters is unknown. Deliberately absent: paying.

use std::{ops::Range, sync::Arc};

use crate::expression::Compiled;

/// What a scheme gives.
#[derive(Clone, Debug)]
pub enum BenefitRule {
    /// A rate by completed years, ages rising.
    Slabs(Vec<Slab>),
    /// An expression in rupees a month.
    Formula(Arc<dyn Compiled>),
    /// One payment for each case, such as a delivery, in rupees.
    Once(u32),
    /// No money: a place, a card, a calendar of vaccinations.
    InKind,
}

/// A rate from an age on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slab {
    /// From this many completed years.
    pub age_from: u8,
    /// Rupees a month.
    pub monthly: u32,
    /// Its place in the file.
    pub span: Range<usize>,
}

impl BenefitRule {
    /// The rate of an age; `None` below the first slab.
    pub fn slab(slabs: &[Slab], age: u8) -> Option<u32> {
        slabs.iter().rev().find(|slab| slab.age_from <= age).map(|slab| slab.monthly)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_slab_reached_counts() {
        let slab = |age_from, monthly| Slab { age_from, monthly, span: 0..0 };
        let slabs = [slab(60, 500), slab(80, 650)];
        let of = |age| BenefitRule::slab(&slabs, age);
        assert_eq!((of(59), of(60), of(79), of(80), of(100)), (None, Some(500), Some(500), Some(650), Some(650)));
    }
}
