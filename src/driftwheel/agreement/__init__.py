"""Agreement: what several people's answers amount to, how good each of them is, and how sure one may be."""

__all__: list[str] = []
