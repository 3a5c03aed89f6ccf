"""Who may do what: users, their sessions, tokens."""

__all__: list[str] = []
