"""What is shown to who leads labelling, and what they decide."""

__all__: list[str] = []
