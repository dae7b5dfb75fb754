"""The rules of the factory, pure: no clock, no random, no I/O, no Azure. Standard library and pydantic only."""
