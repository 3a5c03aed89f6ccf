"""What helps people to label: an assistant that learns from them, pre-labels, automatic labels."""

__all__: list[str] = []
