"""Decisions. Pure: no I/O, no clock, no SDK; functions of (state, event, now)."""
