"""Storage bindings: connections, blob and queue triggers, the timer's status and the outputs."""
