"""Measurements of the product, each its own program: `python -m benchmarks.plan`."""
