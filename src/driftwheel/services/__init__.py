"""Services: one verb a file, the only place where pure computation meets the outside world."""

__all__: list[str] = []
