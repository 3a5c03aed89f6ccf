"""Verdicts shown: as a sentence, on a terminal, as JSON, as a report, in a notebook. Computes nothing new."""

__all__: list[str] = []
