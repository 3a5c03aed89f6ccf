"""What answers amount to, and what follows of that for a task."""

__all__: list[str] = []
