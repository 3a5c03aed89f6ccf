"""Datasets: what a version of labelled images holds, how it is split, and how two differ."""

__all__: list[str] = []
