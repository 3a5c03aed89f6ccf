"""The wheel: when a model's turn begins, which steps it goes through, and what each decides."""

__all__: list[str] = []
