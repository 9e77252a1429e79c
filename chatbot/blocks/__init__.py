"""Domain to Block Kit JSON, and submissions to domain. Pure."""
