"""Trainings of models: what was asked for, how far it is, and what came of it."""

__all__: list[str] = []
