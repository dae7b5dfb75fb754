"""Storage of the emulated Azure: Azurite, and before it a front that adds what Azurite lacks."""
