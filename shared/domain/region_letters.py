"""The letters of the lab and image pairs of a region, one for each.

Searching letters is what keeps a pass over 10,000 pairs at milliseconds; what they mean for each other is decided in
domain.region_state.
"""

import re
from collections.abc import Iterator

from shared.domain.region_shape import RegionShape

# Letters of a pair. The place in WAITING and COPYING is the number of copies that failed before.
WAITING, COPYING = b"wxy", b"cde"
STAGED, IMAGING = b"si"
# Delivered, failed, cancelled: capital while something staged may have to be discarded.
ENDED, LEFT_OVER = b"mfk", b"MFK"
ENDINGS = {"delivered": 0, "failed": 1, "cancelled": 2}

_COUNTED = {
    "waiting": WAITING,
    "copying": COPYING,
    "staged": bytes([STAGED]),
    "imaging": bytes([IMAGING]),
    "delivered": b"mM",
    "failed": b"fF",
    "cancelled": b"kK",
}


class PairLetters:
    """The letter of every pair of a region, read and written by pair and searched by image."""

    def __init__(self, shape: RegionShape, text: str) -> None:
        self._shape = shape
        self._letters = bytearray(_lengthen(text), "ascii")

    def __getitem__(self, pair: int) -> int:
        return self._letters[pair]

    def __setitem__(self, pair: int, letter: int) -> None:
        self._letters[pair] = letter

    def to_text(self) -> str:
        """All letters; four and more equal ones as their number and the letter: `wwwww` is `5w`."""
        return re.sub(r"(.)\1{3,}", lambda run: f"{len(run[0])}{run[1]}", self._letters.decode("ascii"))

    def cancel(self) -> None:
        """Ends what waits and what is staged; copies and images on their way keep their letters."""
        self._letters = self._letters.translate(bytes.maketrans(b"wxys", b"kKKK"))

    def counts(self) -> dict[str, int]:
        """How many pairs are where."""
        return {name: sum(self._letters.count(letter) for letter in some) for name, some in _COUNTED.items()}

    def ended(self, image: int) -> tuple[int, int]:
        """How many pairs of an image are delivered, and how many failed."""
        first, _, end = self._bounds(image)
        delivered, failed = (_COUNTED[name] for name in ("delivered", "failed"))
        return self._count(delivered, first, end), self._count(failed, first, end)

    def all_of(self, letters: bytes) -> list[int]:
        """The pairs with any of these letters, in order."""
        return sorted(pair for letter in letters for pair in self._find(letter, 0, len(self._letters)))

    def all_ended(self) -> bool:
        """Whether every pair has ended and nothing of it is left over."""
        return not self._letters.translate(None, ENDED)

    def is_open(self, image: int) -> bool:
        """Whether a pair of the image has not got its copy yet."""
        first, _, end = self._bounds(image)
        return any(self._letters.find(letter, first, end) >= 0 for letter in WAITING + COPYING)

    def waiting(self, image: int) -> Iterator[int]:
        """The pairs of an image that wait for a copy: relaying labs first, then those that failed least, in order."""
        first, others, end = self._bounds(image)
        for start, stop in ((first, others), (others, end)):
            for letter in WAITING:
                yield from self._find(letter, start, stop)

    def waiting_counts(self, image: int) -> tuple[int, int]:
        """How many pairs of an image wait for a copy: relaying labs, others."""
        first, others, end = self._bounds(image)
        relaying = sum(self._letters.count(letter, first, others) for letter in WAITING)
        return relaying, sum(self._letters.count(letter, others, end) for letter in WAITING)

    def _count(self, some: bytes, first: int, end: int) -> int:
        return sum(self._letters.count(letter, first, end) for letter in some)

    def _bounds(self, image: int) -> tuple[int, int, int]:
        first, end = self._shape.starts[image : image + 2]
        return first, first + self._shape.images[image].relaying, end

    def _find(self, letter: int, start: int, stop: int) -> Iterator[int]:
        at = self._letters.find(letter, start, stop)
        while at >= 0:
            yield at
            at = self._letters.find(letter, at + 1, stop)


def _lengthen(text: str) -> str:
    return re.sub(r"(\d+)(.)", lambda run: run[2] * int(run[1]), text)
