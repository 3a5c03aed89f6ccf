"""Labels between label files and the store."""

__all__: list[str] = []
