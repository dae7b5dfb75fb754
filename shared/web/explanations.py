"""What the reason codes of a report mean, and what to do about them, in words for people. It decides nothing."""

from typing import NamedTuple


class Explanation(NamedTuple):
    """One code in words: what it means, and what to do, which is empty where nothing needs to be done."""

    meaning: str
    remedy: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in self if part)


EXPLANATIONS = {
    # Machines that were not saved
    "no-image-path": Explanation(
        "The machine has no tag ImagePath.", "Tag it with the path of its definition if it is to become an image."
    ),
    "not-succeeded": Explanation(
        "The provisioning of the machine has not succeeded.", "Repair or remove the machine in the factory lab."
    ),
    "unknown-image-state": Explanation(
        "The machine's tag ImageState is neither Generalized nor Specialized.",
        "Correct the tag; without it a machine counts as generalized.",
    ),
    "vm-unreadable": Explanation(
        "The machine or its disk may not be read.", "See the finding that names it, and give the role it asks for."
    ),
    "not-deallocated": Explanation(
        "The machine is not deallocated.", "Generalize it if it is to be, then stop it in the lab, and run again."
    ),
    "already-saved": Explanation("An image was saved of exactly this state of the machine."),
    "no-managed-disk": Explanation("The machine has no managed OS disk.", "Convert its disks to managed disks."),
    "gen2": Explanation(
        "The machine is of generation 2; DevTest Labs would make an image of it that does not boot.",
        "Build the machine as generation 1.",
    ),
    "name-collision": Explanation(
        "Two image paths give the same image name.", "Rename the last folder or the file of one of them."
    ),
    # Deliveries that were not made
    "already-present": Explanation("The lab has this image."),
    "repair": Explanation("An earlier attempt had left a failed image of ours, which is replaced."),
    "name-taken": Explanation(
        "The lab has a custom image of that name which this factory did not make; it is never overwritten.",
        "Rename or delete that custom image, then run again.",
    ),
    "lab-not-found": Explanation(
        "There is no such lab, or the factory's identity may not see it.",
        "Correct the entry in labs.json, or give the identity access to the lab.",
    ),
    "lab-ambiguous": Explanation(
        "The subscription has more than one lab of that name.", "Add its ResourceGroup to the entry in labs.json."
    ),
    "lab-not-allowed": Explanation(
        "The factory may not deliver to the lab's subscription.",
        "Add the subscription to the setting ALLOWED_SUBSCRIPTION_IDS, or remove the entry from labs.json.",
    ),
    "lab-unreadable": Explanation(
        "The lab, or its list of custom images, cannot be read.", "See the finding about the lab, then run again."
    ),
    "factory-lab": Explanation("The target is the factory lab itself.", "Remove the entry from labs.json."),
    "factory-storage": Explanation(
        "The lab uses the factory's own storage account, where a delivery would endanger the saved images.",
        "Give the lab a storage account of its own, or remove the entry from labs.json.",
    ),
    "vhd-missing": Explanation(
        "The record of the image has no VHD beside it.", "Save the machine again, or delete the record."
    ),
    "not-approved": Explanation(
        "The approved plan did not have this delivery; a save that it builds on failed, or the lab changed meanwhile.",
        "Look at a new plan, and start a run with its digest.",
    ),
    # Work that failed
    "gave-up": Explanation(
        "Azure asked for pauses or gave no answer too many times.",
        "Check the account's network; the next run tries again.",
    ),
    "copy-deadline": Explanation(
        "The copy was not finished in its time and was ended.", "Run again; if it recurs, look at the storage accounts."
    ),
    "blob-not-ours": Explanation(
        "A blob of that name is there which this factory did not make; it is never overwritten.",
        "Look at the container imagefactory-staging of the lab's account, and remove the blob if nobody needs it.",
    ),
    "denied": Explanation(
        "The factory's identity lacks a role.", "Give it the role that the message names, then run again."
    ),
    "wrong-account": Explanation(
        "The VHD does not lie in the lab's own storage account.", "Check the lab's artifacts storage account."
    ),
    "crossing-failed": Explanation(
        "The image could not be copied into the lab's region.", "Run again; what was copied already is kept."
    ),
    "throttled": Explanation("Azure asked for a pause too often.", "Run again later."),
    "unavailable": Explanation("Azure gave no usable answer.", "Run again."),
    "cancelled": Explanation("The run was cancelled before.", "Run again when it is wanted."),
}


def explain(code: str | None) -> Explanation:
    """The code in words; a code that is not known here explains itself with nothing."""
    return EXPLANATIONS.get(code or "", Explanation(""))
