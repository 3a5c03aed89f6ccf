"""The architecture of a convolutional autoencoder: a few numbers that say all of it."""

from __future__ import annotations

from dataclasses import dataclass

from driftwheel.errors import UsageError

__all__ = ["MOST_LEVELS", "AutoencoderShape", "shape_for"]

MOST_LEVELS = 5
_MOST_SIDE, _MOST_WIDTH, _MOST_LATENT = 512, 512, 4096
_COARSEST = 8  # px that the last level of a network made by `shape_for` may have
_AT_ONCE = 64 * 256 * 256 * 3  # values of pictures that a network works on; learning takes some 1.5 GB then
_WIDTHS = (32, 64, 96, 128, 128)


@dataclass(frozen=True, slots=True)
class AutoencoderShape:
    """The shape of an autoencoder of square pictures.

    Every level halves the side by a convolution (4 × 4, stride 2); `latent` numbers are left; the decoder is
    the mirror image. What does not fit through the `latent` numbers cannot be shown again.

    Attributes
    ----------
    side
        Of the pictures it reads, in pixels; images of any size are brought to it. A multiple of
        2 ** levels, from 8 to 512.
    colour
        Three channels, red, green and blue; otherwise one, luma.
    widths
        Channels after each level, 1 to 5 levels of 1 to 512.
    latent
        Numbers between encoder and decoder, 1 to 4096.

    Raises
    ------
    UsageError
        For a shape that cannot be built.

    Examples
    --------
    >>> AutoencoderShape(28, colour=False, widths=(32, 64), latent=64).coarsest
    7
    """

    side: int
    colour: bool
    widths: tuple[int, ...]
    latent: int

    def __post_init__(self) -> None:
        if not isinstance(self.widths, tuple) or not 1 <= len(self.widths) <= MOST_LEVELS:
            raise UsageError(
                f"An autoencoder has 1 to {MOST_LEVELS} levels of channels, not {self.widths!r}."
            )
        checks = (
            ("side", (self.side,), 8, _MOST_SIDE),
            ("width", self.widths, 1, _MOST_WIDTH),
            ("latent", (self.latent,), 1, _MOST_LATENT),
        )
        for name, values, least, most in checks:
            for value in values:
                if not isinstance(value, int) or not least <= value <= most:
                    raise UsageError(
                        f"The {name} of an autoencoder is {value!r}; give a whole number from {least} "
                        f"to {most}."
                    )
        if self.side % self.factor:
            nearest = max(8, round(self.side / self.factor) * self.factor)
            raise UsageError(
                f"With {len(self.widths)} levels the side of an autoencoder is a multiple of {self.factor}, "
                f"not {self.side}; give {nearest}, or another number of widths."
            )

    @property
    def channels(self) -> int:
        """3 or 1."""
        return 3 if self.colour else 1

    @property
    def picture_bytes(self) -> int:
        """Of one picture as it is read."""
        return self.side * self.side * self.channels

    def at_once(self, most: int) -> int:
        """Return how many pictures a network of this shape works on at a time: `most`, of large ones fewer.

        Examples
        --------
        >>> small, large = (AutoencoderShape(side, True, (32,), 64) for side in (64, 512))
        >>> small.at_once(64), large.at_once(64)
        (64, 16)
        """
        return max(1, min(most, _AT_ONCE // self.picture_bytes))

    @property
    def factor(self) -> int:
        """How many pixels of a side become one on the way to the last level."""
        return int(2 ** len(self.widths))

    @property
    def coarsest(self) -> int:
        """Side of the last level, in its own pixels."""
        return self.side // self.factor


def shape_for(side: int, *, colour: bool, latent: int = 64) -> AutoencoderShape:
    """Return a shape that is known to work for pictures of this side: levels down to 8 px or less.

    Raises
    ------
    UsageError
        When `side` cannot be halved so often; the message names one that can.

    Examples
    --------
    >>> shape_for(28, colour=False).widths, shape_for(64, colour=True).widths
    ((32, 64), (32, 64, 96))
    """
    levels = 1
    while side / 2**levels > _COARSEST and levels < MOST_LEVELS:
        levels += 1
    return AutoencoderShape(side, colour, _WIDTHS[:levels], latent)
