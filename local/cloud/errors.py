"""The errors of the emulated Azure itself, not those it answers its clients with."""


class EmulatorError(Exception):
    """The emulator cannot do what it was asked; the message says what to change."""


class WorldEntryError(EmulatorError):
    """An entry of a world file is wrong: `place` is its key below the entry, `reason` says what it must be."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class AzuriteError(EmulatorError):
    """Azurite is missing, did not start, or refused the emulator's own request."""
