"""The outside world on one machine, for try-out and tests. Never imported by the product."""
