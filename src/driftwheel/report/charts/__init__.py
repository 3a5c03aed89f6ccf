"""Charts, drawn as SVG by the server: each has a title, units on its axes, its threshold, and needs no script."""
