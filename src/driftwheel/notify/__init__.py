"""Send messages to people: what a message looks like on each kind of channel, and how it gets there."""
