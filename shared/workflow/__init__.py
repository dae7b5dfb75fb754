"""Durable Functions: triggers, orchestrators, activities, policies. The only room that knows the engine."""
