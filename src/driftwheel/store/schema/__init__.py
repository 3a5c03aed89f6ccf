"""The tables, and what a column of each holds."""

__all__: list[str] = []
