"""Measures what the design promises, each number beside its anchor, in one run on one machine."""
