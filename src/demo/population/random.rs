//! Reproducible draws for test data: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
//! generators", OOPSLA 2014).
//!
//! Guaranteed: the same seed and lane give the same sequence on every machine.
//! Absent on purpose: unpredictability. Nothing here may serve a key, a nonce or an identifier of a message;
//! cryptographic randomness lives in `protocol`'s `seal` alone.

/// A sequence of draws that depends on its seed and lane only.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

/// The increment of SplitMix64: 2^64 divided by the golden ratio, odd.
const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

impl Random {
    /// The sequence of one lane (here: one household) of a seed; lanes do not depend on one another.
    pub fn lane(seed: u64, lane: u64) -> Self {
        let mut own = Self { state: seed };
        own.state = own.draw() ^ lane.wrapping_mul(GOLDEN_GAMMA);
        own.state = own.draw();
        own
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN_GAMMA);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..bound` (0 when `bound` is 0), by multiply and shift; the bias below 2^-32 does not matter here.
    pub fn below(&mut self, bound: u32) -> u32 {
        (((self.draw() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// A number in `low..=high`; `low` where the range is empty.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = high.saturating_sub(low).saturating_add(1).max(1);
        low + self.below(width.unsigned_abs()) as i32
    }

    /// True in `basis_points` of 10,000 draws.
    pub fn chance(&mut self, basis_points: u32) -> bool {
        self.below(10_000) < basis_points
    }

    /// One of `items`, each as likely; `items` is one of this module's own lists and never empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }

    /// One of `items` by weight: each stands with its share of the sum.
    pub fn pick_weighted<T: Copy>(&mut self, items: &[(T, u32)]) -> T {
        let mut left = self.below(items.iter().map(|(_, weight)| weight).sum());
        for (item, weight) in items {
            if left < *weight {
                return *item;
            }
            left -= weight;
        }
        items[0].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_draws_are_those_of_the_published_generator() {
        // Reference output of splitmix64.c (Vigna) for the state 1234567.
        let mut random = Random { state: 1_234_567 };
        let draws: Vec<u64> = (0..3).map(|_| random.draw()).collect();
        assert_eq!(draws, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn lanes_differ_and_repeat() {
        let draw = |seed, lane| Random::lane(seed, lane).draw();
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
    }

    #[test]
    fn draws_stay_in_their_bounds_and_reach_both_ends() {
        let mut random = Random::lane(1, 1);
        let drawn: Vec<i32> = (0..1000).map(|_| random.between(-2, 3)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&-2), Some(&3)));
        assert_eq!(random.between(5, 4), 5);
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn chances_and_weights_come_near_their_shares() {
        let mut random = Random::lane(2, 1);
        let hits = (0..20_000).filter(|_| random.chance(2_500)).count();
        assert!((4_500..5_500).contains(&hits), "{hits}");
        let heavy = (0..20_000).filter(|_| random.pick_weighted(&[('a', 3), ('b', 1)]) == 'a').count();
        assert!((14_500..15_500).contains(&heavy), "{heavy}");
    }
}
