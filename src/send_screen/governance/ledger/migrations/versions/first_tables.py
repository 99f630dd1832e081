"""The first tables: entries, sealed records of children, and the keys of both, which an erasure or expiry deletes.

Triggers refuse to change or delete an entry or a record. They prevent mistakes; what somebody does who drops a trigger,
the hashes find.
"""

from alembic import op

revision = "0001"
down_revision = None

_SQLITE = (
    "CREATE TABLE entries (number INTEGER NOT NULL PRIMARY KEY, content TEXT NOT NULL)",
    "CREATE TABLE children (token TEXT NOT NULL PRIMARY KEY, pseudonym TEXT NOT NULL UNIQUE, sealed_key BLOB NOT NULL)",
    "CREATE TABLE child_records (entry INTEGER NOT NULL, pseudonym TEXT NOT NULL, sealed BLOB NOT NULL, "
    "PRIMARY KEY (entry, pseudonym)) WITHOUT ROWID",
    "CREATE INDEX child_records_of_child ON child_records (pseudonym)",
    "CREATE TABLE entry_keys (entry INTEGER NOT NULL PRIMARY KEY, sealed_key BLOB NOT NULL)",
)
_REFUSE = "BEGIN SELECT RAISE(ABORT, 'a ledger is only added to'); END"
_SQLITE_TRIGGERS = (
    f"CREATE TRIGGER {{table}}_no_update BEFORE UPDATE ON {{table}} {_REFUSE}",
    f"CREATE TRIGGER {{table}}_no_delete BEFORE DELETE ON {{table}} {_REFUSE}",
    # INSERT OR REPLACE deletes without a DELETE trigger
    "CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
    f"WHEN EXISTS (SELECT 1 FROM {{table}} WHERE {{same}}) {_REFUSE}",
)
_POSTGRESQL = (
    "CREATE TABLE entries (number BIGINT PRIMARY KEY, content TEXT NOT NULL)",
    'CREATE TABLE children (token TEXT COLLATE "C" PRIMARY KEY, pseudonym TEXT COLLATE "C" NOT NULL UNIQUE, '
    "sealed_key BYTEA NOT NULL)",
    'CREATE TABLE child_records (entry BIGINT NOT NULL, pseudonym TEXT COLLATE "C" NOT NULL, sealed BYTEA NOT NULL, '
    "PRIMARY KEY (entry, pseudonym))",
    "CREATE INDEX child_records_of_child ON child_records (pseudonym)",
    "CREATE TABLE entry_keys (entry BIGINT PRIMARY KEY, sealed_key BYTEA NOT NULL)",
    "CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'a ledger is only added to'; END $$",
)
_POSTGRESQL_TRIGGERS = (
    "CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change()",
    "CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()",
)
_SAME_KEY = {
    "entries": "number = NEW.number",
    "child_records": "entry = NEW.entry AND pseudonym = NEW.pseudonym",
}


def upgrade() -> None:
    """Make the tables and triggers."""
    sqlite = op.get_context().dialect.name == "sqlite"
    for statement in _SQLITE if sqlite else _POSTGRESQL:
        op.execute(statement)
    for table, same in _SAME_KEY.items():
        for trigger in _SQLITE_TRIGGERS if sqlite else _POSTGRESQL_TRIGGERS:
            op.execute(trigger.format(table=table, same=same))
