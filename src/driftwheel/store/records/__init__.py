"""Records, what was told of them, and the order in which they are written."""

__all__: list[str] = []
