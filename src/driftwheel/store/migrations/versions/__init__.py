"""One module a step; they never change once released."""

__all__: list[str] = []
