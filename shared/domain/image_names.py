"""Names of images, records and VHDs. All are made from facts of the run, so that a retry finds its own work."""

import hashlib
import re
import unicodedata
from collections.abc import Container
from datetime import date
from string import ascii_uppercase
from uuid import UUID, uuid5

from shared.domain.image_paths import EXTENSION, canonical, segments

# strftime would write the months in the language of the machine.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# A custom image's name has at most 80 characters; the date takes 12 and same-day letters get the rest.
LONGEST_STEM = 64

# Never changes: with another namespace a retry would not find what its first try saved.
_RECORDS = UUID("5f0c4bb8-6a52-5b0e-9b86-3d1f4ce6a7d0")

_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_()-]")


def base_name(image_path: str, day: date) -> str:
    """The image's name before same-day letters, as the scripts make it: `Win2016_Datacenter-Nov-23-2026`.

    The last folder and the file without `.json`, points as `_`, blanks and whatever Azure refuses as `-`; English
    months on every machine. `day` is the UTC day of the run's start. At most 76 characters: a longer path ends in a
    hash of itself.
    """
    stem = _stem(image_path)
    if len(stem) > LONGEST_STEM:
        stem = f"{stem[: LONGEST_STEM - 9]}-{hashlib.sha256(canonical(image_path).encode()).hexdigest()[:8]}"
    return f"{stem}-{MONTHS[day.month - 1]}-{day.day}-{day.year}"


def mint(base: str, taken: Container[str]) -> str:
    """The first free name of `base`, `baseA`, ... `baseZ`, `baseAA`, ...; `taken` holds lower-cased names.

    Azure compares names without case: add the result to `taken` in lower case before the next call.
    """
    name, number = base, 0
    while name.lower() in taken:
        number += 1
        name = base + _letters(number)
    return name


def record_id(run_id: str, vm: str) -> str:
    """The id of the record that this run writes for this machine: the same at each try, a UUID as the scripts used."""
    return str(uuid5(_RECORDS, f"{run_id}/{vm.lower()}"))


def vhd_name(record_id: str) -> str:
    """The blob name of the VHD that a run saves beside this record: its id and `.vhd`."""
    return f"{record_id}.vhd"


def staged_name(record_id: str, holder: str) -> str:
    """The blob name of a staged copy; `holder` is the id of the lab (in any case) or hub that it is made for."""
    return f"{record_id}-{hashlib.sha256(holder.lower().encode()).hexdigest()[:8]}.vhd"


def _stem(image_path: str) -> str:
    name = "_".join(segments(image_path)[-2:])
    if name.lower().endswith(EXTENSION):
        name = name[: -len(EXTENSION)]
    # Accents are dropped before the rest is replaced: "Büro" reads better as "Buro" than as "B-ro".
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    return _NOT_ALLOWED.sub("-", plain.replace(".", "_")) or "image"


def _letters(number: int) -> str:
    """1 is A, 26 is Z, 27 is AA: the columns of a spreadsheet."""
    letters = ""
    while number:
        number, letter = divmod(number - 1, 26)
        letters = ascii_uppercase[letter] + letters
    return letters
