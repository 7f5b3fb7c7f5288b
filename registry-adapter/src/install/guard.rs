//! Triggers on a roll: they note which rows anybody touched, and on PostgreSQL keep the writer's role from taking anybody off
//! without decision and notice in the journal of the same transaction.
//!
//! Guarantees: no column, row or right of the department's own people is altered. Deliberately absent on SQLite: the guard, for
//! SQLite has no roles; there a removal by plain SQL is found as *outside*.

use service_kit::db::AnyConnection;

use super::Roles;
use crate::{mapping::Roll, statement::Statement};

/// What of a row is written down, for each thing that can happen to one.
const SQLITE_TOUCHES: [(&str, &str, &str); 3] = [
    ("vinimay_touch_insert_", " AFTER INSERT ON ", "NEW."),
    ("vinimay_touch_update_", " AFTER UPDATE ON ", "OLD."),
    ("vinimay_touch_delete_", " AFTER DELETE ON ", "OLD."),
];

pub(super) fn install_sqlite(conn: &mut AnyConnection, roll: &Roll) -> diesel::QueryResult<()> {
    for (prefix, when, which) in SQLITE_TOUCHES {
        Statement::new("DROP TRIGGER IF EXISTS ").named_for(prefix, &roll.id).execute(conn)?;
        let create = Statement::new("CREATE TRIGGER ").named_for(prefix, &roll.id).sql(when).table(&roll.table);
        let create = create.sql(" BEGIN INSERT INTO vinimay_touched (roll, row_key) SELECT ").roll(&roll.id);
        let create = create.sql(", CAST(").sql(which).name(&roll.key.name).sql(" AS TEXT) WHERE ").sql(which);
        create.name(&roll.key.name).sql(" IS NOT NULL; END").execute(conn)?;
    }
    Ok(())
}

pub(super) fn install_postgres(
    conn: &mut AnyConnection,
    roll: &Roll,
    roles: Option<&Roles>,
) -> diesel::QueryResult<()> {
    let drop = Statement::new("DROP TRIGGER IF EXISTS ").named_for("vinimay_touch_", &roll.id).sql(" ON ");
    drop.table(&roll.table).execute(conn)?;
    let create = Statement::new("CREATE TRIGGER ").named_for("vinimay_touch_", &roll.id);
    let create = create.sql(" AFTER INSERT OR UPDATE OR DELETE ON ").table(&roll.table);
    let create = create.sql(" FOR EACH ROW EXECUTE FUNCTION vinimay_journal.touch(").roll(&roll.id).sql(", ");
    create.name_literal(&roll.key.name).sql(")").execute(conn)?;
    guard_removals(conn, roll, roles)
}

fn guard_removals(conn: &mut AnyConnection, roll: &Roll, roles: Option<&Roles>) -> diesel::QueryResult<()> {
    let (Some(roles), Some(removed)) = (roles, &roll.removed) else { return Ok(()) };
    let guarded = Statement::new(
        "INSERT INTO vinimay_journal.guarded (roll, key_column, status_column, removed, writer) VALUES (",
    );
    let guarded = guarded.bind(roll.id.as_str()).sql(", ").bind(roll.key.name.as_str()).sql(", ");
    let guarded = guarded.bind(roll.status.name.as_str()).sql(", ").bind(removed.as_str()).sql(", ");
    let guarded = guarded.bind(roles.writer.as_str()).sql(
        ") ON CONFLICT (roll) DO UPDATE SET key_column = EXCLUDED.key_column, \
        status_column = EXCLUDED.status_column, removed = EXCLUDED.removed, writer = EXCLUDED.writer",
    );
    guarded.execute(conn)?;
    let drop = Statement::new("DROP TRIGGER IF EXISTS ").named_for("vinimay_demand_", &roll.id).sql(" ON ");
    drop.table(&roll.table).execute(conn)?;
    let create = Statement::new("CREATE CONSTRAINT TRIGGER ").named_for("vinimay_demand_", &roll.id);
    let create = create.sql(" AFTER INSERT OR UPDATE ON ").table(&roll.table);
    let create = create.sql(" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION vinimay_journal.demand(");
    create.roll(&roll.id).sql(")").execute(conn).map(|_| ())
}
