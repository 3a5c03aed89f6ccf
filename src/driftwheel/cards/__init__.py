"""Model cards: what is known of a version, put into a document, and the document as Markdown and HTML.

Pure: the facts are handed in, with the time they are as of; the same facts give the same card.
"""

__all__: list[str] = []
