//! Where people live: the 33 districts of Chhattisgarh with their Local Government Directory codes, and villages and
//! wards of invented names.
//!
//! Guaranteed: district codes are the directory's (`districts.csv` names its source). Village names are sums of two
//! parts; where one equals a real village's, no real village is meant.

use std::sync::LazyLock;

use super::random::Random;

/// A district by its Local Government Directory code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct District {
    /// Local Government Directory code.
    pub lgd: u16,
    /// English name.
    pub name_en: &'static str,
    /// Hindi name.
    pub name_hi: &'static str,
}

/// A village, or a ward of a town, in a district.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The district.
    pub district: &'static District,
    /// Tehsil within the district, from 1.
    pub tehsil: u8,
    /// Village or ward, English.
    pub name_en: String,
    /// Village or ward, Devanagari with Latin digits for the ward.
    pub name_hi: String,
}

/// Villages in each district; every district has its own choice of names.
const VILLAGES_A_DISTRICT: u32 = 40;
const TEHSILS_A_DISTRICT: u32 = 5;

static DISTRICTS: LazyLock<Vec<District>> = LazyLock::new(|| {
    let rows = include_str!("districts.csv").lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(district).collect()
});
static PARTS: LazyLock<Vec<[&'static str; 4]>> = LazyLock::new(|| {
    let rows = include_str!("places.csv").lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| line.split(',').collect::<Vec<_>>().try_into().ok()).collect()
});

/// All districts, by code.
pub fn districts() -> &'static [District] {
    &DISTRICTS
}

/// One row `lgd_code,name_en,name_hi`; the header is none.
fn district(line: &'static str) -> Option<District> {
    let (code, names) = line.split_once(',')?;
    let (name_en, name_hi) = names.split_once(',')?;
    Some(District { lgd: code.parse().ok()?, name_en, name_hi })
}

impl Place {
    /// A home: four of five in a village, the others in a ward.
    pub fn draw(random: &mut Random) -> Self {
        let district = random.pick(districts());
        let number = random.below(VILLAGES_A_DISTRICT);
        let tehsil = (number % TEHSILS_A_DISTRICT + 1) as u8;
        let (village_en, village_hi) = village(district, number);
        if random.chance(8_000) {
            return Self { district, tehsil, name_en: village_en, name_hi: village_hi };
        }
        let ward = random.below(20) + 1;
        let (name_en, name_hi) = (format!("Ward {ward}, {village_en}"), format!("वार्ड {ward}, {village_hi}"));
        Self { district, tehsil, name_en, name_hi }
    }
}

/// The name of a district's village by number: always the same for the same district.
fn village(district: &District, number: u32) -> (String, String) {
    let mut random = Random::lane(u64::from(district.lgd), u64::from(number));
    let (begin, end) = (random.pick(&PARTS), random.pick(&PARTS));
    (format!("{}{}", begin[0], end[2]), format!("{}{}", begin[1], end[3]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_has_its_33_districts() {
        assert_eq!(districts().len(), 33);
        let raipur = districts().iter().find(|d| d.lgd == 387).unwrap();
        assert_eq!((raipur.name_en, raipur.name_hi), ("Raipur", "रायपुर"));
        assert!(districts().windows(2).all(|pair| pair[0].lgd < pair[1].lgd));
    }

    #[test]
    fn the_list_names_its_source() {
        assert!(
            include_str!("districts.csv").starts_with("# Districts of Chhattisgarh (state code 22). Source: Local Gov")
        );
    }

    #[test]
    fn a_village_keeps_its_name() {
        let raipur = &districts()[13];
        assert_eq!(village(raipur, 4), village(raipur, 4));
        assert_eq!(PARTS.len(), 15);
    }

    #[test]
    fn homes_are_villages_and_wards_of_every_district() {
        let mut random = Random::lane(1, 1);
        let homes: Vec<Place> = (0..3_000).map(|_| Place::draw(&mut random)).collect();
        let wards = homes.iter().filter(|home| home.name_en.starts_with("Ward ")).count();
        assert!((450..750).contains(&wards), "{wards}");
        assert!(districts().iter().all(|d| homes.iter().any(|home| home.district == d)));
        assert!(homes.iter().all(|home| (1..=5).contains(&home.tehsil)));
    }
}
