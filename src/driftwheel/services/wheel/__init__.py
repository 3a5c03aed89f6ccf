"""The turn of the wheel: from an alert to a promoted model, one verb a step."""

__all__: list[str] = []
