"""Formats: how the values are written for others to read, as pure functions."""

__all__: list[str] = []
