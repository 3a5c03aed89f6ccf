"""Folders of images held against each other, without a server."""

__all__: list[str] = []
