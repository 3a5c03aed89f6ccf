"""Drift: statistical tests, the verdict they amount to, and the diagnosis of what happened."""

__all__: list[str] = []
