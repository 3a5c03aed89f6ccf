"""What annotators are given, and their answers."""

__all__: list[str] = []
