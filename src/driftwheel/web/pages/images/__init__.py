"""Images of a model: their list, and one of them."""

__all__: list[str] = []
