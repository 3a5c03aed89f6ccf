"""What models send: records, profiles, truth and feedback, checked and kept."""

__all__: list[str] = []
