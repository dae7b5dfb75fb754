"""Bodies of the activities: (gateway, record) -> record, idempotent. They know the port, never an SDK."""
