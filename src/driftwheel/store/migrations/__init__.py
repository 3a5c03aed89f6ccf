"""Migrations: how the tables became what they are, step by step."""

__all__: list[str] = []
