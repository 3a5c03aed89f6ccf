"""What changed: the camera fault that explains a drift, and the kind of change."""

__all__: list[str] = []
