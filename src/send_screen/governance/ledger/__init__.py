"""The ledger: who decided what about a version, and whom a screening run listed, in a database that is only added to.

It is an SQLite file, or a database of a PostgreSQL server. SQLAlchemy and Alembic are imported where one is opened.
"""
