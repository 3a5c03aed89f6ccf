"""Eyes: a natural drift, from sharp and bright images to blurred and dark ones of other people."""

__all__: list[str] = []
