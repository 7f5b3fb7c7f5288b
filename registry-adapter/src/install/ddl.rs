//! Our own tables in a department's database, in both engines' words.

/// SQLite: beside the department's tables, told apart by their prefix.
pub(super) const SQLITE: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS vinimay_journal (
        roll TEXT NOT NULL, seq INTEGER NOT NULL CHECK (seq > 0), at TEXT NOT NULL, row_key TEXT NOT NULL,
        decision TEXT, action TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, actor TEXT NOT NULL,
        event TEXT, effective TEXT, hold TEXT, before_digest TEXT NOT NULL, after_digest TEXT NOT NULL,
        before_state TEXT NOT NULL, after_state TEXT NOT NULL, before_reason TEXT, before_since TEXT,
        prev_hash TEXT NOT NULL, hash TEXT NOT NULL, before_row TEXT, after_row TEXT, record TEXT, notice TEXT,
        intent TEXT, arrears TEXT, PRIMARY KEY (roll, seq))",
    "CREATE UNIQUE INDEX IF NOT EXISTS vinimay_journal_once ON vinimay_journal (roll, decision, row_key)",
    "CREATE INDEX IF NOT EXISTS vinimay_journal_row ON vinimay_journal (roll, row_key, seq)",
    "CREATE TRIGGER IF NOT EXISTS vinimay_journal_no_update BEFORE UPDATE ON vinimay_journal
        BEGIN SELECT RAISE(ABORT, 'the journal is insert-only'); END",
    "CREATE TRIGGER IF NOT EXISTS vinimay_journal_no_delete BEFORE DELETE ON vinimay_journal
        BEGIN SELECT RAISE(ABORT, 'the journal is insert-only'); END",
    // AUTOINCREMENT: a position is never used again, so that marking one done twice cannot hit another change.
    "CREATE TABLE IF NOT EXISTS vinimay_outbox (
        position INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, row_key TEXT NOT NULL, subject TEXT,
        recorded_at TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS vinimay_touched (
        position INTEGER PRIMARY KEY AUTOINCREMENT, roll TEXT NOT NULL, row_key TEXT)",
];

/// SQLite: what journals of the first days lack; each after a look at `pragma_table_info`.
pub(super) const SQLITE_LATER: &[(&str, &str)] = &[
    ("before_row", "ALTER TABLE vinimay_journal ADD COLUMN before_row TEXT"),
    ("after_row", "ALTER TABLE vinimay_journal ADD COLUMN after_row TEXT"),
    ("record", "ALTER TABLE vinimay_journal ADD COLUMN record TEXT"),
    ("notice", "ALTER TABLE vinimay_journal ADD COLUMN notice TEXT"),
    ("intent", "ALTER TABLE vinimay_journal ADD COLUMN intent TEXT"),
    ("arrears", "ALTER TABLE vinimay_journal ADD COLUMN arrears TEXT"),
];
pub(super) const SQLITE_JOURNAL_COLUMNS: &str = "SELECT name FROM pragma_table_info('vinimay_journal')";

/// PostgreSQL: in a schema of their own.
pub(super) const POSTGRES: &[&str] = &[
    "CREATE SCHEMA IF NOT EXISTS vinimay_journal",
    "CREATE TABLE IF NOT EXISTS vinimay_journal.entry (
        roll TEXT NOT NULL, seq BIGINT NOT NULL CHECK (seq > 0), at TEXT NOT NULL, row_key TEXT NOT NULL,
        decision TEXT, action TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, actor TEXT NOT NULL,
        event TEXT, effective TEXT, hold TEXT, before_digest TEXT NOT NULL, after_digest TEXT NOT NULL,
        before_state TEXT NOT NULL, after_state TEXT NOT NULL, before_reason TEXT, before_since TEXT,
        prev_hash TEXT NOT NULL, hash TEXT NOT NULL, before_row TEXT, after_row TEXT, record TEXT, notice TEXT,
        intent TEXT, arrears TEXT, PRIMARY KEY (roll, seq))",
    "ALTER TABLE vinimay_journal.entry ADD COLUMN IF NOT EXISTS before_row TEXT,
        ADD COLUMN IF NOT EXISTS after_row TEXT, ADD COLUMN IF NOT EXISTS record TEXT,
        ADD COLUMN IF NOT EXISTS notice TEXT, ADD COLUMN IF NOT EXISTS intent TEXT,
        ADD COLUMN IF NOT EXISTS arrears TEXT",
    "CREATE UNIQUE INDEX IF NOT EXISTS entry_once ON vinimay_journal.entry (roll, decision, row_key)",
    "CREATE INDEX IF NOT EXISTS entry_row ON vinimay_journal.entry (roll, row_key, seq)",
    "CREATE OR REPLACE FUNCTION vinimay_journal.refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog
        AS $$ BEGIN RAISE EXCEPTION 'the journal is insert-only'; END $$",
    "DROP TRIGGER IF EXISTS insert_only ON vinimay_journal.entry",
    "CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON vinimay_journal.entry
        FOR EACH STATEMENT EXECUTE FUNCTION vinimay_journal.refuse()",
    "CREATE TABLE IF NOT EXISTS vinimay_journal.outbox (
        position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event TEXT NOT NULL, row_key TEXT NOT NULL,
        subject TEXT, recorded_at TEXT NOT NULL)",
    // SECURITY DEFINER: whoever may insert into the watched table need not know of the outbox.
    "CREATE OR REPLACE FUNCTION vinimay_journal.capture() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog AS $$ BEGIN
        INSERT INTO vinimay_journal.outbox (event, row_key, subject, recorded_at) SELECT TG_ARGV[0],
            to_jsonb(NEW) ->> TG_ARGV[1], to_jsonb(NEW) ->> TG_ARGV[2],
            to_char(statement_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
            WHERE to_jsonb(NEW) ->> TG_ARGV[1] IS NOT NULL;
        RETURN NULL; END $$",
    "CREATE TABLE IF NOT EXISTS vinimay_journal.touched (
        position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, roll TEXT NOT NULL, row_key TEXT)",
    // Which rows of a roll anybody touched: what of it was not ours is found by comparing with the journal.
    "CREATE OR REPLACE FUNCTION vinimay_journal.touch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog AS $$ BEGIN
        IF TG_OP <> 'INSERT' THEN
            INSERT INTO vinimay_journal.touched (roll, row_key) VALUES (TG_ARGV[0], to_jsonb(OLD) ->> TG_ARGV[1]);
        END IF;
        IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE'
            AND to_jsonb(NEW) ->> TG_ARGV[1] IS DISTINCT FROM to_jsonb(OLD) ->> TG_ARGV[1]) THEN
            INSERT INTO vinimay_journal.touched (roll, row_key) VALUES (TG_ARGV[0], to_jsonb(NEW) ->> TG_ARGV[1]);
        END IF;
        RETURN NULL; END $$",
    "CREATE TABLE IF NOT EXISTS vinimay_journal.guarded (
        roll TEXT PRIMARY KEY, key_column TEXT NOT NULL, status_column TEXT NOT NULL, removed TEXT NOT NULL,
        writer TEXT NOT NULL)",
    // At the end of the writer's transaction: a row that left the roll must have its journal row of the same transaction,
    // naming a decision and a delivered notice. The department's own clerks are not bound by it; what they do is found.
    "CREATE OR REPLACE FUNCTION vinimay_journal.demand() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog AS $$ DECLARE g vinimay_journal.guarded; BEGIN
        SELECT * INTO g FROM vinimay_journal.guarded WHERE roll = TG_ARGV[0];
        IF g.writer = session_user AND to_jsonb(NEW) ->> g.status_column = g.removed
            AND (TG_OP = 'INSERT' OR to_jsonb(OLD) ->> g.status_column IS DISTINCT FROM g.removed)
            AND NOT EXISTS (SELECT 1 FROM vinimay_journal.entry AS e WHERE e.roll = g.roll
                AND e.row_key = to_jsonb(NEW) ->> g.key_column AND e.action = 'remove' AND e.after_state = g.removed
                AND e.decision IS NOT NULL AND e.record IS NOT NULL AND e.notice IS NOT NULL
                AND CAST(CAST(e.xmin AS TEXT) AS BIGINT) = txid_current() % 4294967296) THEN
            RAISE EXCEPTION 'nobody leaves this roll without a decision and a delivered notice in the journal';
        END IF;
        RETURN NULL; END $$",
];

/// Each is followed by the writer's role.
pub(super) const POSTGRES_WRITER_RIGHTS: &[&str] = &[
    "GRANT USAGE ON SCHEMA vinimay_journal TO ",
    "GRANT SELECT, INSERT ON vinimay_journal.entry TO ",
    "GRANT SELECT, DELETE ON vinimay_journal.outbox TO ",
    "GRANT SELECT, DELETE ON vinimay_journal.touched TO ",
];

pub(super) const SQLITE_HAS_JOURNAL: &str = "SELECT name FROM sqlite_master WHERE name = 'vinimay_journal_no_delete'";
pub(super) const SQLITE_HAS_OUTBOX: &str = "SELECT name FROM sqlite_master WHERE name = 'vinimay_outbox'";
pub(super) const POSTGRES_HAS_JOURNAL: &str =
    "SELECT CAST(r AS TEXT) FROM to_regclass('vinimay_journal.entry') AS r WHERE r IS NOT NULL";
pub(super) const POSTGRES_HAS_OUTBOX: &str =
    "SELECT CAST(r AS TEXT) FROM to_regclass('vinimay_journal.outbox') AS r WHERE r IS NOT NULL";
