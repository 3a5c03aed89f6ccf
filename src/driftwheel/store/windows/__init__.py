"""Windows of records: their profiles and verdicts."""

__all__: list[str] = []
