"""Predictions, served by the champion."""

__all__: list[str] = []
