"""Store: the only SQL, and blobs through fsspec."""

__all__: list[str] = []
