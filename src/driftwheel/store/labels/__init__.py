"""Labelling: projects, pools, tasks, annotators, answers."""

__all__: list[str] = []
