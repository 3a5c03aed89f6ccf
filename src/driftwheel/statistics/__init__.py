"""Tests and intervals that more than one part of the computation uses: on plain numbers and arrays."""

__all__: list[str] = []
