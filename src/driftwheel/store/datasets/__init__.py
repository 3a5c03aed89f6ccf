"""Dataset versions: their rows, the blobs they name, and the labels that they are made of."""

__all__: list[str] = []
