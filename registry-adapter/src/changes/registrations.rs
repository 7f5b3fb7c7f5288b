//! What the register knows of a person's marriages and death, as it stands.
//!
//! Guarantees: only registrations that stand are named: a marriage that has ended, or a death that was annulled, is none. Source:
//! the tables mapped as changes. Deliberately absent: tables that are not mapped; then nothing is known.

use schemas::{
    event::{EventKind, Relation},
    time::CivilDate,
};
use service_kit::db::AnyConnection;

use super::{ChangeError, ChangeFeed};
use crate::{
    catalogue::Column,
    key::LocalKey,
    mapping::ChangeCapture,
    row::{day, key_bind},
    statement::Statement,
};

/// A marriage that stands. Personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Marriage {
    /// The register's number.
    pub registration_number: String,
    /// The other one.
    pub spouse: LocalKey,
    /// The day.
    pub day: CivilDate,
}

/// A death that stands. Personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Death {
    /// The register's number.
    pub registration_number: String,
    /// The day.
    pub day: CivilDate,
}

impl std::fmt::Debug for Marriage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Marriage(…)")
    }
}

impl std::fmt::Debug for Death {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Death(…)")
    }
}

impl ChangeFeed {
    /// The marriages of a person that stand. Blocks.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn marriages_of(&self, person: &LocalKey) -> Result<Vec<Marriage>, ChangeError> {
        let Some(capture) = self.capture(EventKind::MarriageRegistered) else { return Ok(Vec::new()) };
        let Some(spouse) = capture.related.iter().find(|(relation, _)| *relation == Relation::Spouse) else {
            return Ok(Vec::new());
        };
        let Some(number) = number_column(capture) else { return Ok(Vec::new()) };
        let mut conn = self.writer.lend().map_err(ChangeError::Database)?;
        let mut marriages = Vec::new();
        for (own, other) in [(&capture.subject, &spouse.1), (&spouse.1, &capture.subject)] {
            let select = Statement::new("SELECT ")
                .texts_of([number, other, &capture.effective])
                .sql(" FROM ")
                .table(&capture.read);
            let mut select = select.sql(" AS r WHERE ");
            let Some(bind) = key_bind(own, person) else { continue };
            select = select.name(&own.name).sql(" = ").bind(bind);
            if let Some(ended) = &capture.ended {
                select = select.sql(" AND ").name(&ended.name).sql(" IS NULL");
            }
            let select = self.unless_undone(select, number, EventKind::MarriageEnded);
            for row in select.rows(&mut conn)? {
                let spouse = row.text(1).and_then(|text| text.parse().ok());
                if let (Some(number), Some(spouse), Some(day)) = (row.text(0), spouse, row.text(2).and_then(day)) {
                    marriages.push(Marriage { registration_number: number.to_owned(), spouse, day });
                }
            }
        }
        Ok(marriages)
    }

    /// The death of a person, if one stands. Blocks.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn death_of(&self, person: &LocalKey) -> Result<Option<Death>, ChangeError> {
        let mut conn = self.writer.lend().map_err(ChangeError::Database)?;
        self.death_on(&mut conn, person)
    }

    fn death_on(&self, conn: &mut AnyConnection, person: &LocalKey) -> Result<Option<Death>, ChangeError> {
        let Some(capture) = self.capture(EventKind::DeathRegistered) else { return Ok(None) };
        let (Some(number), Some(bind)) = (number_column(capture), key_bind(&capture.subject, person)) else {
            return Ok(None);
        };
        let select = Statement::new("SELECT ").texts_of([number, &capture.effective]).sql(" FROM ");
        let select = select.table(&capture.read).sql(" AS r WHERE ").name(&capture.subject.name).sql(" = ").bind(bind);
        let select = self.unless_undone(select, number, EventKind::DeathAnnulled).sql(" LIMIT 1");
        let rows = select.rows(conn)?;
        Ok(rows.first().and_then(|row| {
            Some(Death { registration_number: row.text(0)?.to_owned(), day: row.text(1).and_then(day)? })
        }))
    }

    pub(super) fn capture(&self, kind: EventKind) -> Option<&ChangeCapture> {
        self.mapping.changes.iter().find(|capture| capture.kind == kind).map(AsRef::as_ref)
    }

    /// Leaves out what a row of another mapped table has undone, by the registration number.
    fn unless_undone(&self, select: Statement, number: &Column, by: EventKind) -> Statement {
        let Some((undoing, other)) = self.capture(by).and_then(|capture| Some((capture, number_column(capture)?)))
        else {
            return select;
        };
        let select = select.sql(" AND NOT EXISTS (SELECT 1 FROM ").table(&undoing.read).sql(" AS u WHERE CAST(u.");
        let select = select.name(&other.name).sql(" AS TEXT) = CAST(r.").name(&number.name).sql(" AS TEXT)");
        match &undoing.when {
            None => select.sql(")"),
            Some((column, None)) => select.sql(" AND u.").name(&column.name).sql(" IS NOT NULL)"),
            Some((column, Some(value))) => {
                let select = select.sql(" AND CAST(u.").name(&column.name).sql(" AS TEXT) = ");
                select.bind(value.as_str()).sql(")")
            }
        }
    }
}

/// The column of the registration number.
fn number_column(capture: &ChangeCapture) -> Option<&Column> {
    capture.payload.iter().find(|(member, _)| member.path == "registration_number").map(|(_, column)| column)
}
