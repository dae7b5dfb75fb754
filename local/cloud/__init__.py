"""The emulated Azure: Resource Manager, storage and identity on 127.0.0.1. It imports nothing else of this project."""
