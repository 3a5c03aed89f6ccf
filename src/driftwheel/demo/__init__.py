"""The whole thing on bundled data, for a first look."""

__all__: list[str] = []
