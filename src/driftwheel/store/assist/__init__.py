"""What helps people to label: assistants, pre-labels, automatic labels."""

__all__: list[str] = []
