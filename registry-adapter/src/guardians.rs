//! Who decides for whom, in an identity registry's own table.
//!
//! Guarantees: reads through the reader's role; a row whose end cannot be read is an error and never an open end. Deliberately
//! absent: age, death and everything else that ends a guardianship; whoever calls this looks the ward up.

use std::sync::Arc;

use schemas::time::CivilDate;

use crate::{
    connection::Connections,
    identity::IdentityError,
    key::LocalKey,
    mapping::GuardiansTable,
    row::{day, key_bind, where_key},
    statement::{Row, Statement},
};

/// Wards of one guardian at most; more is a broken table, not a family.
const MOST: i64 = 32;

/// One person for whom a guardian decides.
#[derive(Clone, PartialEq, Eq)]
pub struct Ward {
    /// The ward's resident number.
    pub number: LocalKey,
    /// Last day of the guardianship, where the register names one.
    pub until: Option<CivilDate>,
}

impl std::fmt::Debug for Ward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ward(…)")
    }
}

/// The register of guardianships. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Guardians {
    table: Arc<GuardiansTable>,
    readers: Connections,
}

impl Guardians {
    pub(crate) fn new(table: Arc<GuardiansTable>, readers: Connections) -> Self {
        Self { table, readers }
    }

    /// The wards of a guardian, by number. Blocks.
    ///
    /// # Errors
    /// If the database cannot be read or a row cannot be understood.
    pub fn wards_of(&self, guardian: &LocalKey) -> Result<Vec<Ward>, IdentityError> {
        let t = &self.table;
        let Some(bind) = key_bind(&t.guardian, guardian) else { return Ok(Vec::new()) };
        let select = Statement::new("SELECT ").texts_of([&t.ward].into_iter().chain(t.until.as_ref()));
        let select = where_key(select.sql(" FROM ").table(&t.table).sql(" AS t WHERE t."), &t.guardian, bind);
        let select = select.sql(" ORDER BY t.").name(&t.ward.name).sql(" LIMIT ").bind(MOST);
        let rows = select.rows(&mut *self.readers.lend().map_err(IdentityError::Database)?)?;
        rows.iter().map(ward).collect()
    }
}

fn ward(row: &Row) -> Result<Ward, IdentityError> {
    let number = row.text(0).and_then(|text| text.parse().ok()).ok_or(IdentityError::Unreadable("ward"))?;
    let until = row.text(1).filter(|text| !text.trim().is_empty());
    let until = until.map(|text| day(text).ok_or(IdentityError::Unreadable("end of guardianship"))).transpose()?;
    Ok(Ward { number, until })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::departments;

    const SECTION: &str =
        "\n[guardians]\ntable = \"income_year\"\nward = \"khata_no\"\nguardian = \"band\"\nuntil = \"year_start\"\n";

    #[test]
    fn wards_are_found_by_their_guardian_with_the_last_day() {
        for department in departments() {
            let mapping = std::fs::read_to_string(department.path("mapping.toml")).unwrap();
            assert!(department.open().guardians().is_none(), "not mapped");
            department.write_mapping(&format!("{mapping}{SECTION}"));
            let guardians = department.open().guardians().unwrap();
            let of = |number: &str| guardians.wards_of(&number.parse().unwrap()).unwrap();
            let ward = Ward { number: "KH-1".parse().unwrap(), until: Some("2024-04-01".parse().unwrap()) };
            assert_eq!(of("middle"), [ward]);
            assert_eq!(of("nobody"), []);
            assert_eq!(of("low' OR '1'='1"), []);
            assert_eq!(format!("{:?}", of("low")), "[Ward(…)]");
            department.write_mapping(&format!("{mapping}{}", SECTION.replace("band", "bend")));
            assert!(department.try_open().is_err(), "a column that is not there");
        }
    }
}
