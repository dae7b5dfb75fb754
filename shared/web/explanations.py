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
    # What else a failure may be called
    "source-denied": Explanation(
        "The storage account that was to be copied to may not read the VHD.",
        "Check the networks of both accounts and their permitted scope of copies (AllowedCopyScope), then run again.",
    ),
    "source-not-found": Explanation(
        "The VHD to copy from is gone.", "Run again; if its record is left without it, save the machine again."
    ),
    "source-changed": Explanation("The VHD to copy from was changed meanwhile.", "Run again."),
    "copy-failed": Explanation("The storage service gave the copy up.", "See the reason that it names, and run again."),
    "copy-aborted": Explanation("Somebody ended the copy.", "Run again."),
    "copy-none": Explanation(
        "A blob that no copy made has taken the place of the copy.",
        "Look who else writes to that container, and run again.",
    ),
    "copy-vanished": Explanation("The copy was removed while it was made.", "Run again."),
    "blob-exists": Explanation("A blob of that name is there, or is being copied to.", "Run again."),
    "blob-busy": Explanation(
        "The blob changed each time it was looked at.", "Run again when nobody else works on that account."
    ),
    "image-deadline": Explanation(
        "DevTest Labs has been making the custom image for six hours.",
        "Look at the lab's activity log; if it fails, the next run replaces it.",
    ),
    "image-failed": Explanation(
        "DevTest Labs could not make the custom image.",
        "Look at the lab's activity log; the next run replaces the failed image.",
    ),
    "image-vanished": Explanation("The custom image disappeared from the lab while it was made.", "Run again."),
    "image-exists": Explanation(
        "A custom image of that name came into being meanwhile.",
        "Run again: one of ours is taken as it is, any other is reported.",
    ),
    "no-account": Explanation(
        "The lab has no storage account.", "Wait until it is made, or repair the lab, then run again."
    ),
    "not-finished": Explanation("The run ended before this was done.", "Run again."),
    "not-signed-in": Explanation(
        "The app has no identity that could sign in.",
        "Give it its managed identity; on your own machine sign in (az login).",
    ),
    "not-found": Explanation(
        "What was asked for is not there.", "Check its name, or whether it was deleted, then run again."
    ),
    "conflict": Explanation(
        "What was to be changed is busy, or exists already.", "See what Azure says, then run again."
    ),
    "changed": Explanation("It was changed while it was worked on.", "Run again: the next run sees it as it is."),
    "busy": Explanation("Another change of the same disk is under way.", "Run again later."),
    "being-deleted": Explanation("A container or queue of that name is still being deleted.", "Run again later."),
    "refused": Explanation("Azure rejects the call as it stands.", "See what Azure says; repeating it does not help."),
    "unreachable": Explanation("Azure could not be reached.", "Check the address and the network, then run again."),
    "no-answer": Explanation("Azure gave no answer.", "Run again."),
    "incomplete-answer": Explanation("Azure's answer broke off.", "Run again."),
    "unreadable-answer": Explanation("Azure's answer could not be read.", "Run again."),
    "grant-unfinished": Explanation("Azure did not finish granting access to the disk.", "Run again."),
    "grant-without-sas": Explanation("Azure granted access to the disk and gave no address of it.", "Run again."),
    "url-too-long": Explanation(
        "A copy would need its signed address for more than 7 days.",
        "Report it: the factory keeps to that limit itself.",
    ),
    "grant-too-long": Explanation(
        "A copy would need access to the disk for longer than Azure grants.",
        "Report it: the factory keeps to that limit itself.",
    ),
    "message-too-long": Explanation(
        "The notice of the run is too long for the queue.", "Report it: the factory keeps to that limit itself."
    ),
    "not-an-id": Explanation("What should be the id of an Azure resource is none.", "Report it, with the message."),
    "internal": Explanation(
        "An error that nobody foresaw.", "Look at the app's log; run again, and report it if it recurs."
    ),
    # Findings of a run
    "no-labs-file": Explanation(
        "There is no labs.json in the app's storage.", "Upload one to the container image-factory."
    ),
    "saving-failed": Explanation(
        "The factory lab could not be looked at, so nothing was saved.",
        "See the finding; what was saved earlier is delivered all the same.",
    ),
    "access-left": Explanation(
        "Read access to a disk could not be revoked, so its machine cannot be started.",
        "It is tried again every minute while no run is on its way; the finding has the command that ends it now.",
    ),
    "unmatched-entry": Explanation(
        "A lab asks for an image that the factory has not saved.",
        "Correct the entry, or prepare a machine with this tag ImagePath.",
    ),
    "unwanted-image": Explanation("No lab wants a saved image.", "Add it to a lab in labs.json, or retire it."),
    "unknown-only": Explanation(
        "The request names a lab or an image that does not exist.", "Correct `only` in the request."
    ),
    "no-hub": Explanation(
        "A region has no hub, so its images cross into it more than once.",
        "Name the region in HUB_REGIONS (azd) or REGION_HUBS.",
    ),
    "image-path-twice": Explanation(
        "Several machines carry the same image path.", "Remove the tag ImagePath from all but one."
    ),
    "data-disks": Explanation(
        "The machine has data disks, which its image does not contain.", "Move what it needs to the OS disk."
    ),
    "ambiguous-time": Explanation(
        "Day and month of a record could be exchanged, so another image may be the newest.",
        "Write its timestamp as 2018-05-04T17:04:07Z, or retire the old images.",
    ),
    "bad-record": Explanation("The record of a saved image cannot be used.", "Repair it, or delete it with its VHD."),
    # Why a run as a whole failed
    "plan-changed": Explanation(
        "The run would have made other changes than those of the approved plan, and made none.",
        "Look at the difference, and approve a new plan.",
    ),
    "run-died": Explanation(
        "The run ended without finishing, and what it held was released.",
        "Run again: what it had not done is done then.",
    ),
    "bad-request": Explanation("The request cannot be read.", "Correct what its findings name, and send it again."),
    "setting": Explanation("A setting of the app is missing or malformed.", "Set it as the message says."),
    "factory-lab-not-found": Explanation(
        "The factory lab is not where the settings say.",
        "Check FACTORY_LAB_NAME, FACTORY_RESOURCE_GROUP and FACTORY_SUBSCRIPTION_ID.",
    ),
}


def explain(code: str | None) -> Explanation:
    """The code in words; a code that is not known here explains itself with nothing."""
    return EXPLANATIONS.get(code or "", Explanation(""))
