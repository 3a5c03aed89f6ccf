"""Who calls, what they may do, and what is refused before anything is read."""

__all__: list[str] = []
