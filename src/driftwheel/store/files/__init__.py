"""Whole files, kept by what is in them."""

__all__: list[str] = []
