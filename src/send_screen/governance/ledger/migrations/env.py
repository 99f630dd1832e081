"""Run the migrations of a ledger on the connection that the library has opened."""

from alembic import context

from send_screen.governance.ledger._schema import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
