"""Monitors: what they watch, and how they are changed."""

__all__: list[str] = []
