"""Dataset versions: made, opened, compared, written out."""

__all__: list[str] = []
