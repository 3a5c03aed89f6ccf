"""Documents about models that the system writes from what it knows, and the texts that people add."""

__all__: list[str] = []
