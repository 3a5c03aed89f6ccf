"""Who may do what: users, roles, tokens and log-in."""

__all__: list[str] = []
