"""Measurements of what the design promises: `python -m benchmarks` runs them, `--list` says what there is."""
