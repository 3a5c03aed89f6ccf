"""Telling servers elsewhere what became of tasks and pools."""

__all__: list[str] = []
