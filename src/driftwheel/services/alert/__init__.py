"""Monitors look at verdicts, and alerts begin and end."""

__all__: list[str] = []
