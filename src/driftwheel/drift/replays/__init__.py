"""What the reference itself varies by: parts of it replayed as if they were windows."""

__all__: list[str] = []
