"""What a subscription id, a lab's name, a resource group's name and an entry of `ImagePaths` may be, text by text."""

import re
from typing import NamedTuple

from shared.domain.image_paths import segments

MAX_BYTES = 1024 * 1024
MAX_LABS = 2000
MAX_PATHS = 500
MAX_PATH_LENGTH = 256  # The value of an Azure tag is no longer, and the image path travels in one.

SUBSCRIPTION_PATTERN = r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
# "Naming rules and restrictions for Azure resources" (Microsoft Learn), Microsoft.DevTestLab and Microsoft.Resources.
LAB_PATTERN = r"[A-Za-z0-9_-]{1,50}"
GROUP_PATTERN = r"[\w.()-]{0,89}[\w()-]"

# No pattern: one that looks for an end after each beginning takes the square of a text's length.
_BRACKETS = (("<", ">"), ("{{", "}}"), ("$(", ")"), ("${", "}"), ("#{", "}#"))
_SPOKEN = re.compile(r"[x0]{8}(-[x0]{4}){3}-[x0]{12}|your[-_ ]*(subscription|lab|resource).*", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_WILDCARD = re.compile(r"[*?]")
# What JSON makes of a path such as "Win2016\base.json", whose backslash is not doubled.
_SWALLOWED = {"\b": "/b", "\f": "/f", "\n": "/n", "\r": "/r", "\t": "/t"}


class Problem(NamedTuple):
    """Why a text cannot be used: a finding's code, and the end of a sentence that begins with the text."""

    code: str
    text: str


def subscription_problem(text: str) -> Problem | None:
    """Why this is no subscription id; None when it is one."""
    if _is_placeholder(text):
        return Problem("placeholder", "is a placeholder. Write the id of the lab's subscription in its place.")
    if re.fullmatch(SUBSCRIPTION_PATTERN, text) is None:
        remedy = "Write the subscription's id (not its name), as in 01234567-89ab-cdef-0123-456789abcdef."
        return Problem("not-a-guid", f"is not a GUID. {remedy}")
    return None


def lab_problem(text: str) -> Problem | None:
    """Why this can be no lab's name; None when it can."""
    if _is_placeholder(text):
        return Problem("placeholder", "is a placeholder. Write the lab's name in its place.")
    if re.fullmatch(LAB_PATTERN, text) is None:
        return Problem("bad-name", "cannot be a lab's name: those have 1 to 50 letters (A-Z), digits, `-` and `_`.")
    return None


def group_problem(text: str) -> Problem | None:
    """Why this can be no resource group's name; None when it can."""
    if _is_placeholder(text):
        return Problem(
            "placeholder", "is a placeholder. Write the lab's resource group in its place, or remove the key."
        )
    if re.fullmatch(GROUP_PATTERN, text) is None:
        rule = "1 to 90 letters, digits, `-`, `_`, `.`, `(` and `)`, with no point at the end"
        return Problem("bad-name", f"cannot be a resource group's name: those have {rule}.")
    return None


def image_path_problem(text: str) -> Problem | None:
    """Why this entry of `ImagePaths` cannot be used; None when it can."""
    if len(text) <= MAX_PATH_LENGTH and _is_bracketed(text):
        return Problem("placeholder", "is a placeholder. Write a folder or file such as `Win2016/Datacenter.json`.")
    reason = _unreadable(text) or _outside(text)
    return reason if reason is None else Problem("bad-image-path", reason)


def has_wildcard(entry: str) -> bool:
    """Whether the author of an entry may have hoped for wildcards, which do not exist."""
    return _WILDCARD.search(entry) is not None


def _unreadable(text: str) -> str | None:
    if len(text) > MAX_PATH_LENGTH:
        return f"has {len(text):,} characters, but no image path has more than {MAX_PATH_LENGTH}. Shorten it."
    if any(char in _SWALLOWED for char in text):
        meant = "".join(_SWALLOWED.get(char, char) for char in text)
        return f"holds a control character: in JSON a single backslash begins an escape. Write `{meant[:80]}`."
    if (char := next((char for char in text if not char.isprintable()), None)) is not None:
        return f"holds an invisible character (U+{ord(char):04X}). Write it anew."
    if text and not text.strip():
        return 'is blank. Write a folder or a file, or "" if you mean every image.'
    return None


def _outside(text: str) -> str | None:
    if _DRIVE.match(text.strip()):
        return (
            "names a drive. Write the path below the folder of the image definitions, as in `Win2016/Datacenter.json`."
        )
    if not {".", ".."}.isdisjoint(part.strip() for part in segments(text)):
        return "has a part `.` or `..`. Write the path below the folder of the image definitions without them."
    return None


def _is_placeholder(text: str) -> bool:
    if len(text) > MAX_PATH_LENGTH:
        return False
    return _is_bracketed(text) or _SPOKEN.fullmatch(text.strip()) is not None


def _is_bracketed(text: str) -> bool:
    return any(end in text.partition(beginning)[2] for beginning, end in _BRACKETS)
