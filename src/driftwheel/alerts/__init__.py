"""Alerts: the life of an episode, what explains it, who is told of it and when, and in which words."""

__all__: list[str] = []
