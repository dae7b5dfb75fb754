"""How often a copy is tried, and which failures make trying again pointless. Constants only, with the words for it."""

MAX_COPIES = 3  # tries of one lab's copy
MAX_CROSSINGS = 3  # failures of an image's crossings and hub copies before no further one is tried

NOT_OURS = "blob-not-ours"
GAVE_UP = "gave-up"  # put off too many times while nothing else moved
FINAL_CODES = (NOT_OURS, "copy-deadline", "denied", GAVE_UP)  # trying again cannot help
BLOCKED_LAB_CODES = (NOT_OURS, "denied")  # the lab is at fault, and no byte has crossed
LOST_SOURCE_CODES = ("source-changed", "source-not-found")  # the source is at fault, not the target
UNREADABLE_LAB_CODES = (*LOST_SOURCE_CODES, "source-denied")  # of a lab's copy: a lab may close its account

CROSSING_FAILED = (
    f"The image could not be brought into the region: its copy failed {MAX_CROSSINGS} times, or for good. "
    "See the crossings of this report for the cause; the next run tries again."
)
