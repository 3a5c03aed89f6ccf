"""Who labels: invited, found, and what they can do."""

__all__: list[str] = []
