"""The one matcher of labs.json entries and image paths, used by every check and by the plan.

Paths are compared segment by segment, without regard to case or kind of slash. Whether a path is allowed is not judged.
"""

from collections.abc import Iterable
from functools import lru_cache

EXTENSION = ".json"


def segments(path: str) -> tuple[str, ...]:
    """The non-empty parts of a path between slashes of either kind, in their own case."""
    return tuple(part for part in path.replace("\\", "/").split("/") if part)


@lru_cache(maxsize=8192)
def canonical(path: str) -> str:
    """The form in which paths are compared: forward slashes, none at either end, case folded."""
    return "/".join(segments(path)).casefold()


def as_tag(path: str) -> str:
    """The path as the scripts write it into tags and records: backslashes, in its own case."""
    return "\\".join(segments(path))


def distinct(entries: Iterable[str]) -> tuple[str, ...]:
    """Each entry once, in the order given and as it was first written."""
    first: dict[str, str] = {}
    for entry in entries:
        first.setdefault(canonical(entry), entry)
    return tuple(first.values())


def matches(entry: str, image_path: str) -> bool:
    """Whether an entry names this image: its folder, itself (with or without `.json`), or `""` and `/` for all."""
    return Matcher((entry,)).wanted(image_path)


class Matcher:
    """All entries of one lab at once: a question costs the depth of the path, whatever the number of entries."""

    def __init__(self, entries: Iterable[str]) -> None:
        forms = [canonical(entry) for entry in entries]
        self._everything = "" in forms
        self._folders = frozenset(forms)
        self._files = frozenset(_without_extension(form) for form in forms)

    def wanted(self, image_path: str) -> bool:
        """Whether any of the entries names this image."""
        path = canonical(image_path)
        return self._everything or _without_extension(path) in self._files or not self._folders.isdisjoint(_above(path))

    def select(self, image_paths: Iterable[str]) -> list[str]:
        """The image paths that any entry names, in the order given."""
        return [image_path for image_path in image_paths if self.wanted(image_path)]


class Index:
    """All images of one catalogue at once: a question costs two look-ups an entry, whatever the number of images."""

    def __init__(self, image_paths: Iterable[str]) -> None:
        self._folders: dict[str, list[int]] = {}
        self._files: dict[str, list[int]] = {}
        for position, form in enumerate(map(canonical, image_paths)):
            self._files.setdefault(_without_extension(form), []).append(position)
            for folder in ("", *_above(form)):
                self._folders.setdefault(folder, []).append(position)

    def select(self, entries: Iterable[str]) -> list[int]:
        """The positions of the image paths that any of the entries names, ascending."""
        found = set[int]()
        for form in map(canonical, entries):
            found.update(self._folders.get(form, ()), self._files.get(_without_extension(form), ()))
        return sorted(found)


def unmatched(entries: Iterable[str], image_paths: Iterable[str]) -> list[str]:
    """The entries that name none of the images, in the order given."""
    index = Index(image_paths)
    return [entry for entry in entries if not index.select((entry,))]


def _without_extension(form: str) -> str:
    return form.removesuffix(EXTENSION)


@lru_cache(maxsize=8192)
def _above(form: str) -> frozenset[str]:
    """The folders that contain a canonical path, without the root."""
    parts = form.split("/")[:-1]
    return frozenset("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
