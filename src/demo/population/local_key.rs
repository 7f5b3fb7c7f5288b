//! The numbers by which departments know people: one kind a department, none derivable from another by eye.
//!
//! Guaranteed: each number starts with `SYN-`, so that nobody takes it for a real one, and has at most seven digits in
//! a row: no number here can be read as an Aadhaar or a telephone number. Absent: any number common to departments.

use std::fmt;

/// A prime above every count of residents; keys are residues of it, so that two residents never share one.
const MODULUS: u64 = 9_999_991;

/// Spreads sequence numbers over seven digits without collision: multiplication by a unit of the field, then a shift.
fn scattered(sequence: u32, unit: u64, shift: u64) -> u32 {
    ((u64::from(sequence) * unit + shift) % MODULUS) as u32
}

/// Number of a resident in civil registration, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResidentNo(u32);

/// Number of a household, from 1; no department shows it but civil registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HouseholdNo(u32);

/// Number of a land and income account at the revenue department.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KhataNo(u32);

/// Number of a ration card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CardNo(u32);

/// Number of a member on a ration card: the card's number and a place on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MemberId {
    card: CardNo,
    place: u8,
}

/// Number of a pension payment order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PpoNo(u32);

impl ResidentNo {
    /// The resident `sequence`, counted from 1.
    pub fn new(sequence: u32) -> Self {
        Self(sequence)
    }

    /// The resident `places` after this one.
    pub fn plus(self, places: usize) -> Self {
        Self(self.0 + places as u32)
    }

    /// The sequence number, from 1.
    pub fn sequence(self) -> u32 {
        self.0
    }
}

impl HouseholdNo {
    /// The household `sequence`, counted from 1.
    pub fn new(sequence: u32) -> Self {
        Self(sequence)
    }

    /// The sequence number, from 1.
    pub fn sequence(self) -> u32 {
        self.0
    }
}

impl KhataNo {
    /// The account of a resident.
    pub fn of(resident: ResidentNo) -> Self {
        Self(scattered(resident.0, 6_180_339, 271_828))
    }
}

impl CardNo {
    /// The card of a household.
    pub fn of(household: HouseholdNo) -> Self {
        Self(scattered(household.0, 3_819_661, 314_159))
    }
}

impl MemberId {
    /// The member at `place` (from 1) of a card.
    pub fn new(card: CardNo, place: u8) -> Self {
        Self { card, place }
    }

    /// The place on the card, from 1.
    pub fn place(self) -> u8 {
        self.place
    }
}

impl PpoNo {
    /// The payment order of a resident.
    pub fn of(resident: ResidentNo) -> Self {
        Self(scattered(resident.0, 4_142_135, 577_215))
    }
}

impl fmt::Display for ResidentNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SYN-R-{:07}", self.0)
    }
}

impl fmt::Display for HouseholdNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SYN-H-{:07}", self.0)
    }
}

impl fmt::Display for KhataNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SYN-KH-{:07}", self.0)
    }
}

impl fmt::Display for CardNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SYN-RC-{:07}", self.0)
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.card, self.place)
    }
}

impl fmt::Display for PpoNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SYN-PPO-{:07}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_kind_is_marked_synthetic() {
        let (resident, household) = (ResidentNo::new(42), HouseholdNo::new(7));
        let card = CardNo::of(household);
        let shown = [
            resident.to_string(),
            household.to_string(),
            KhataNo::of(resident).to_string(),
            card.to_string(),
            MemberId::new(card, 3).to_string(),
            PpoNo::of(resident).to_string(),
        ];
        assert!(shown.iter().all(|number| number.starts_with("SYN-")), "{shown:?}");
        assert_eq!(shown[0], "SYN-R-0000042");
        assert_eq!(shown[4], format!("{card}-03"));
    }

    #[test]
    fn a_million_residents_have_a_million_numbers_in_each_department() {
        let numbers =
            |of: fn(ResidentNo) -> u32| (1..=1_000_000).map(|n| of(ResidentNo::new(n))).collect::<HashSet<_>>().len();
        assert_eq!(numbers(|r| KhataNo::of(r).0), 1_000_000);
        assert_eq!(numbers(|r| PpoNo::of(r).0), 1_000_000);
        assert_eq!(numbers(|r| CardNo::of(HouseholdNo::new(r.0)).0), 1_000_000);
    }

    #[test]
    fn the_same_resident_has_unlike_numbers() {
        let resident = ResidentNo::new(1);
        assert_ne!(KhataNo::of(resident).0, PpoNo::of(resident).0);
        assert_ne!(KhataNo::of(resident).0, resident.sequence());
    }
}
