"""Charts as SVG: each has a title, units on its axes and its threshold, and needs no script."""

__all__: list[str] = []
