"""Monitors: which signals of a window are watched, what is usual for them, and which rules they break."""

__all__: list[str] = []
