"""Driftwheel: notice when the images a vision model sees drift, say what changed and whether it hurts."""

from driftwheel._version import __version__

__all__ = ["__version__"]
