"""Performance: how often a model is right, with labels and without."""

__all__: list[str] = []
