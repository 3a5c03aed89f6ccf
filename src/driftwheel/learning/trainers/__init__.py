"""Trainers: what makes a classifier of labelled images."""

__all__: list[str] = []
