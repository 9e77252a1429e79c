"""Argo CD's application controller as its documentation describes it, small and in a hurry.

It syncs real objects from a real Git repository. What it leaves out: Helm, hooks and waves, sync
windows, retries of failed operations, resource hooks, and deleting what an Application made.
"""

from sandbox.argocd.loop import SYNC_ANNOTATION, Controller, Settings

__all__ = ["SYNC_ANNOTATION", "Controller", "Settings"]
