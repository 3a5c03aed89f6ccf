"""How good annotators are, and what is done about it."""

__all__: list[str] = []
