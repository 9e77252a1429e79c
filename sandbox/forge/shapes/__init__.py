"""GitHub's JSON, built from what the forge knows; one file a family of objects."""
