"""Training: runs of trainers, and repair without new labels."""

__all__: list[str] = []
