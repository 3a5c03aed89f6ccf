"""Windows: summed up, judged, and noticed when they are missing."""

__all__: list[str] = []
