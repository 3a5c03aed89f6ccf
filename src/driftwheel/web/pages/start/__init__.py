"""Where one comes in: log in, first steps, the overview."""

__all__: list[str] = []
