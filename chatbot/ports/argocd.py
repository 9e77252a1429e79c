"""Argo CD."""

from datetime import datetime
from typing import Protocol

from chatbot.domain.argocd import Application
from chatbot.domain.argocd_pause import Paused, Restored
from chatbot.domain.argocd_sync import SyncOrder, Told
from chatbot.domain.argocd_windows import SyncWindow


class Deployer(Protocol):
    """Argo CD in one cluster. An Application that is not there raises `NotFound`."""

    def application(self, name: str, namespace: str) -> Application:
        """As it is now; `domain.argocd_sync.sync_outcome` says what came of a sync."""
        ...

    def sync(self, name: str, namespace: str, order: SyncOrder) -> Told:
        """Have the order's revision synced, once for each attempt. Raises `RetryLater`, with
        whose it is, while another operation runs. An Application with auto-sync is not told."""
        ...

    def terminate(
        self, name: str, namespace: str, change: str, revision: str, before: int | None = None
    ) -> bool:
        """End the change's own operation for a revision, as `argocd app terminate-op` does; other
        operations are left alone, and with `before` those of that attempt and later ones. Whether
        it still runs: Argo CD takes a moment."""
        ...

    def pause(
        self, name: str, namespace: str, change: str, until: datetime, *, takeover: bool = False
    ) -> Paused:
        """Pause auto-sync for a change; a later `until` prolongs its own pause. Raises `Conflict`
        when another change has paused it, or somebody turned auto-sync on again meanwhile. With
        `takeover` another change's pause becomes this one's, with the setting that it keeps."""
        ...

    def restore(self, name: str, namespace: str, change: str) -> Restored:
        """Put auto-sync back exactly as it was; a pause that another change has taken over is left
        to that one. Raises `Conflict` when the mark on it is not Redlight's."""
        ...

    def look(self, name: str, namespace: str, since: datetime) -> Application:
        """As it is now; Argo CD is asked to look at it if it has not since then."""
        ...

    def windows(self, application: Application) -> tuple[SyncWindow, ...] | None:
        """The sync windows of its AppProject; None when Redlight may not read AppProjects (the
        rule is optional). `domain.argocd_windows.blocking` says which are in the way."""
        ...

    def paused(self, namespace: str) -> list[Application]:
        """The Applications that carry our mark, whatever change put it there."""
        ...


class Deployers(Protocol):
    """Argo CD by kubeconfig context."""

    def __call__(self, context: str) -> Deployer:
        """Argo CD as seen from a context."""
        ...
