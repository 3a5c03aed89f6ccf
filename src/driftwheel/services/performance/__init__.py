"""How good a model is in production."""

__all__: list[str] = []
