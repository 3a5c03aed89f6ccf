"""The web face: the JSON API, the pages, and what guards them."""

__all__: list[str] = []
