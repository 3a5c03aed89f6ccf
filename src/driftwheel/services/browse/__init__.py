"""What pages and the API show of models, windows and images."""

__all__: list[str] = []
