"""Tests of two samples, distances between them, and p-values: each file one method, on plain arrays."""

__all__: list[str] = []
