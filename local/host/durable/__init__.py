"""Durable Functions on one machine: the engine, the pump of its work items and its management API."""
