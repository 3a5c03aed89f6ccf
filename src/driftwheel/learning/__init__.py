"""Embedders: networks and fixed descriptors that turn images into vectors; heavy parts behind extras."""

__all__: list[str] = []
