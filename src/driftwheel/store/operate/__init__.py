"""What those who run an installation look at and keep."""

__all__: list[str] = []
