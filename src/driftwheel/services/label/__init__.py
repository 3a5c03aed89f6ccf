"""Projects, pools and annotators: tasks are given, answers kept, and labels made of them."""

__all__: list[str] = []
