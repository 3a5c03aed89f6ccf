"""One module a step; a step never changes once released, and there is no way back but a backup.

Steps run in one transaction with foreign keys on: on SQLite a step must not drop or make anew (Alembic's
batch mode) a table that others point to, as its rows would take theirs with them. Add columns and tables
instead.
"""

__all__: list[str] = []
