"""What each file format says of itself before any pixel is decoded: one parser a format."""

from driftwheel.images.headers.bmp import read_bmp
from driftwheel.images.headers.gif import gif_is_cut_off, read_gif
from driftwheel.images.headers.jpeg import read_jpeg
from driftwheel.images.headers.png import read_png
from driftwheel.images.headers.stored import Stored
from driftwheel.images.headers.tiff import read_tiff, tiff_is_cut_off
from driftwheel.images.headers.webp import read_webp

__all__ = [
    "Stored",
    "gif_is_cut_off",
    "read_bmp",
    "read_gif",
    "read_jpeg",
    "read_png",
    "read_tiff",
    "read_webp",
    "tiff_is_cut_off",
]
