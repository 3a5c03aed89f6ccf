"""Models: their list, one of them, and what is set of it."""

__all__: list[str] = []
