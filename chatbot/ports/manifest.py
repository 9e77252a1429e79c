"""The shape in which Kubernetes objects cross the ports."""

from typing import Any

Manifest = dict[str, Any]
"""A Kubernetes object as JSON."""
