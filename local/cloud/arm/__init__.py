"""The emulated Azure Resource Manager: DevTest Labs and Compute. It knows nothing of storage but a small protocol."""
