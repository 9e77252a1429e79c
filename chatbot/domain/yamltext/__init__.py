"""YAML as text with places: read it, change the characters a change is about, write new values.

A round trip through a library keeps comments and loses layout; people review these files line by
line. `docs/adr/` says why this is ours.
"""
