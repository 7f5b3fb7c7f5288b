//! Synthetic residents of Chhattisgarh, and four departmental databases that know the same people differently.
//!
//! Guaranteed: a seed and a size give the same rows on every machine and day; one household at a time is in memory.
//! Nobody real is meant: names are drawn from lists of our own, local numbers begin with `SYN-`, and there is no
//! Aadhaar number, no telephone number, no bank account. Absent: any link from one department's number to another's;
//! the truth about links goes to `truth.csv`, for tests alone.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

mod birth;
mod cast;
mod enrolment;
mod family;
mod local_key;
mod name;
mod namesake;
mod person;
mod place;
mod random;
mod store;
mod stream;

#[cfg(test)]
mod tests;

pub use cast::{Cast, CastMember};
pub use local_key::ResidentNo;
pub use store::desk::{Standing, enter_death, pension_standing, ration_standing};
pub use store::register::{cancel_death, correct_birth_date, enter_birth, enter_marriage, enter_move};
pub use store::rolls::{
    ALLOWANCE, DISABILITY, Journaled, MARRIAGE, PENSION, RATION, RollTable, newest_change, row_as_it_stands,
    rows_of_name,
};
pub use store::social::register_no;
pub use stream::Population;

use store::Writer;
use store::civil::Civil;
use store::food::Food;
use store::revenue::Revenue;
use store::social::Social;

/// The mapping of civil registration's database, for its registry adapter.
pub const CIVIL_MAPPING: &str = include_str!("departments/civil/mapping.toml");
/// The mapping of the revenue department's database.
pub const REVENUE_MAPPING: &str = include_str!("departments/revenue/mapping.toml");
/// The mapping of the food department's database.
pub const FOOD_MAPPING: &str = include_str!("departments/food/mapping.toml");
/// The mapping of the social welfare department's database.
pub const SOCIAL_MAPPING: &str = include_str!("departments/social/mapping.toml");
/// Sizes for which local numbers stay distinct and a build stays reasonable.
pub const PEOPLE: std::ops::RangeInclusive<u64> = 1..=1_000_000;

/// The four databases of one synthetic state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoDatabases {
    /// Civil registration, SQLite.
    pub civil: PathBuf,
    /// Revenue, SQLite.
    pub revenue: PathBuf,
    /// Food, SQLite.
    pub food: PathBuf,
    /// Social welfare, SQLite.
    pub social: PathBuf,
    /// `resident_no,khata_no,ration_member_id,ppo_no` of everybody, empty where unknown; no department has it.
    pub truth: PathBuf,
    /// Who plays in the story.
    pub cast: Cast,
}

impl DemoDatabases {
    /// The files of a build in `dir`, with an empty cast.
    fn in_dir(dir: &Path) -> Self {
        Self {
            civil: dir.join("civil.sqlite"),
            revenue: dir.join("revenue.sqlite"),
            food: dir.join("food.sqlite"),
            social: dir.join("social.sqlite"),
            truth: dir.join("truth.csv"),
            cast: Cast::default(),
        }
    }
}

/// Why a departmental database was not built, or a clerk's statement on it failed.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The number of people is outside [`PEOPLE`].
    #[error("{people} people asked for; between 1 and 1000000 can be made")]
    Size {
        /// The number asked for.
        people: u64,
    },
    /// A file stands where a database should be made.
    #[error("{} exists already; choose another directory or remove it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// SQLite takes paths in UTF-8 only.
    #[error("{} cannot be written as UTF-8", path.display())]
    PathNotUtf8 {
        /// The path.
        path: PathBuf,
    },
    /// The database file could not be created.
    #[error("{} could not be created", path.display())]
    NotOpened {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: diesel::ConnectionError,
    },
    /// A statement on a departmental database failed.
    #[error("a statement on a departmental database failed")]
    Statement(#[from] diesel::result::Error),
    /// The directory or the truth table could not be written.
    #[error("{} could not be written", path.display())]
    NotWritten {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Makes the databases of `people` residents by `seed` in `dir`, which is created where missing: `civil.sqlite`,
/// `revenue.sqlite`, `food.sqlite`, `social.sqlite` and `truth.csv`.
///
/// # Errors
/// [`BuildError`]; files made until then stay behind, uncommitted databases empty.
pub fn build(dir: &Path, seed: u64, people: u64) -> Result<DemoDatabases, BuildError> {
    let size = u32::try_from(people).ok().filter(|_| PEOPLE.contains(&people)).ok_or(BuildError::Size { people })?;
    fs::create_dir_all(dir).map_err(|source| BuildError::NotWritten { path: dir.to_owned(), source })?;
    let population = Population::new(seed, size);
    let made = DemoDatabases { cast: Cast::of(&population), ..DemoDatabases::in_dir(dir) };
    fill(&made, population.clone())?;
    write_truth(&made.truth, population)
        .map_err(|source| BuildError::NotWritten { path: made.truth.clone(), source })?;
    Ok(made)
}

/// One pass over the people into the four databases.
fn fill(made: &DemoDatabases, population: Population) -> Result<(), BuildError> {
    let mut civil = Writer::<Civil>::create(&made.civil)?;
    let mut revenue = Writer::<Revenue>::create(&made.revenue)?;
    let mut food = Writer::<Food>::create(&made.food)?;
    let mut social = Writer::<Social>::create(&made.social)?;
    for household in population {
        civil.add(&household)?;
        revenue.add(&household)?;
        food.add(&household)?;
        social.add(&household)?;
    }
    civil.finish()?;
    revenue.finish()?;
    food.finish()?;
    social.finish()
}

fn write_truth(path: &Path, population: Population) -> io::Result<()> {
    let mut file = BufWriter::new(File::create_new(path)?);
    writeln!(file, "resident_no,khata_no,ration_member_id,ppo_no")?;
    for keys in population.truth() {
        write!(file, "{},", keys.resident_no)?;
        keys.khata_no.map_or(Ok(()), |no| write!(file, "{no}"))?;
        file.write_all(b",")?;
        keys.ration_member_id.map_or(Ok(()), |no| write!(file, "{no}"))?;
        file.write_all(b",")?;
        keys.ppo_no.map_or(Ok(()), |no| write!(file, "{no}"))?;
        file.write_all(b"\n")?;
    }
    file.flush()
}
