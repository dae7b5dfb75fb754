"""The letters of a region's hub copies, one for each, by image. What they mean is decided in domain.region_state."""

from collections.abc import Iterator

from shared.domain.region_shape import hub_copy_of, hub_target

# Letters of a hub's copy: to be made (again), copying, ready, lost (not to be read any more), gone.
HUB_WAITING, HUB_COPYING, HUB_READY, HUB_LOST, HUB_GONE = "wcrlg"


class HubLetters:
    """The letter of every hub copy of a region, read by image and written by target."""

    def __init__(self, by_image: list[str]) -> None:
        self._letters = by_image

    def to_text(self) -> str:
        """All letters, image by image, with commas between."""
        return ",".join(self._letters)

    def put(self, target: str, letter: str) -> None:
        """Gives a hub copy its letter; copies of lower numbers that never were are gone."""
        image, number = hub_copy_of(target)
        copies = self._letters[image].ljust(number, HUB_GONE)
        self._letters[image] = copies[:number] + letter + copies[number + 1 :]

    def count(self, image: int) -> int:
        """How many copies of an image there ever were."""
        return len(self._letters[image])

    def all_of(self, image: int, letters: str) -> list[str]:
        """The copies of an image with any of these letters, in order."""
        return [hub_target(image, number) for number, letter in enumerate(self._letters[image]) if letter in letters]

    def all_gone(self) -> bool:
        """Whether no hub copy of any image is left."""
        return not "".join(self._letters).strip(HUB_GONE)

    def free_names(self, image: int) -> Iterator[str]:
        """Names for further copies of an image: those to be made again, then new ones."""
        yield from self.all_of(image, HUB_WAITING)
        number = self.count(image)
        while True:
            yield hub_target(image, number)
            number += 1
