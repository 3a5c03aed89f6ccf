"""What each file format says of itself before any pixel is decoded: one parser a format."""
