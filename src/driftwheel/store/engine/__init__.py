"""The database itself: connections, transactions, locks, migrations."""

__all__: list[str] = []
