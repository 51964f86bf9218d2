"""Has alembic compare a database with the metadata of the benchmark drift_diff: alembic_compare.py URL SCHEMA TABLES."""

import sys

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.dialects import postgresql as pg

url, schema, tables = sys.argv[1], sys.argv[2], int(sys.argv[3])
metadata = sa.MetaData(schema=schema)
for number in range(tables):
    refers = [sa.ForeignKey(f"{schema}.t{number - 1:05}.id", ondelete="SET NULL")] if number % 2 else []
    sa.Table(
        f"t{number:05}", metadata,
        sa.Column("id", pg.UUID, primary_key=True), sa.Column("owner", pg.UUID, *refers, index=False),
        sa.Column("name", sa.String(80), nullable=False), sa.Column("code", sa.String(40)),
        sa.Column("amount", sa.Numeric(12, 2), server_default="0"), sa.Column("count", sa.Integer),
        sa.Column("total", sa.BigInteger), sa.Column("ratio", pg.DOUBLE_PRECISION),
        sa.Column("active", sa.Boolean, server_default=sa.true()), sa.Column("born", sa.Date),
        sa.Column("at", pg.TIMESTAMP(timezone=True)), sa.Column("body", sa.Text),
        sa.Index(f"t{number:05}_name_idx", "name"), sa.Index(f"t{number:05}_owner_idx", "owner"),
    )
with sa.create_engine(url).connect() as connection:
    options = {
        "include_schemas": True, "compare_type": True, "compare_server_default": False,
        "include_name": lambda name, kind, _: kind != "schema" or name == schema,
    }
    found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
print(len(found))
