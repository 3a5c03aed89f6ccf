"""Selection: which images are worth labelling, why each of them, and which are kept for measuring."""

__all__: list[str] = []
