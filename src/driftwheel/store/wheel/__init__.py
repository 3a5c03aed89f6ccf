"""The turns of every model's wheel, their steps, and the policy that begins them."""

__all__: list[str] = []
