"""The JSON API under ``/api/v1``: each file the routes of one kind of thing."""

__all__: list[str] = []
