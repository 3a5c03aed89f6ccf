"""What a labelling project asks, and the terms of its pools."""

__all__: list[str] = []
