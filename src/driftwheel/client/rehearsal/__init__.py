"""Rehearse a pool: simulated annotators of known quality label over HTTP, and what comes of it is told."""

__all__: list[str] = []
