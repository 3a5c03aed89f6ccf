"""Monitors, episodes, and the messages that tell of them."""

__all__: list[str] = []
