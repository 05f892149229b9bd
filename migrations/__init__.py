"""Alembic: the schema of the record, up and down."""
