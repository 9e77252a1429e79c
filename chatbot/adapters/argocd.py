"""Argo CD through its Application resource: the `Deployer` and `Deployers` ports.

There is no second client: an operation is a field of the Application, and so is what came of it.
Every write names the resourceVersion that was read, so that nothing is decided on what is no
longer so; a write that loses the race reads and decides again.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote

from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.kubernetes.api import MERGE_PATCH, Api, writing
from chatbot.domain.argocd import Application, read_application
from chatbot.domain.argocd_pause import Patch, Paused, Restored, look, pause, restore
from chatbot.domain.argocd_sync import SyncOrder, Told, tell, terminate
from chatbot.domain.argocd_windows import SyncWindow, read_windows
from chatbot.domain.errors import Conflict, Forbidden, NotFound, RetryLater
from chatbot.ports import Deployer, Deployers

RACES: Final = 5
"""Argo CD writes to an Application often; so many times a write may come too late."""

PAGE: Final = 200
"""Applications are large: so many in one answer."""

_PATH: Final = "/apis/argoproj.io/v1alpha1/namespaces/{}/applications"

_PROJECTS: Final = "/apis/argoproj.io/v1alpha1/namespaces/{}/appprojects"

_Result = TypeVar("_Result")


class ArgoCD(Deployer):
    """Argo CD in one cluster. Safe from many threads."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def application(self, name: str, namespace: str) -> Application:
        """As it is now."""
        return read_application(self._get(name, namespace))

    def windows(self, application: Application) -> tuple[SyncWindow, ...] | None:
        """Of its AppProject; None without the right to read it."""
        where = quote(application.project_namespace, safe="")
        path = f"{_PROJECTS.format(where)}/{quote(application.project, safe='')}"
        try:
            project = self._api.request_object("GET", path, doing="get the AppProject")
        except Forbidden:
            return None
        if project is None:
            raise NotFound(
                f"there is no AppProject {application.project} for Application {application.name}",
                remedy="Argo CD syncs nothing without it; create the project.",
            )
        return read_windows(project)

    def paused(self, namespace: str) -> list[Application]:
        """Every Application with our mark."""
        found: list[Application] = []
        query = {"limit": str(PAGE)}
        while True:
            page = self._api.request(
                "GET",
                _PATH.format(quote(namespace, safe="")),
                doing=f"list the Applications in {namespace}",
                query=query,
            )
            found += [read_application(item) for item in page.get("items") or ()]
            token = (page.get("metadata") or {}).get("continue")
            if not token:
                return [each for each in found if each.paused_by is not None]
            query["continue"] = token

    def sync(self, name: str, namespace: str, order: SyncOrder) -> Told:
        """Set the operation, once."""

        def decide(application: Application) -> tuple[Told, Patch]:
            told, operation = tell(application, order)
            if operation is None:
                return told, {}
            return told, {"operation": operation}

        return self._change(name, namespace, decide, "start a sync of")

    def terminate(
        self, name: str, namespace: str, change: str, revision: str, before: int | None = None
    ) -> bool:
        """Set the phase that Argo CD takes as the order to stop."""

        def decide(application: Application) -> tuple[bool, Patch]:
            runs, patch = terminate(application, change, revision, before)
            return runs, patch or {}

        return self._change(name, namespace, decide, "end the sync of")

    def pause(
        self, name: str, namespace: str, change: str, until: datetime, *, takeover: bool = False
    ) -> Paused:
        """Take `automated` away and say so on the Application, in one write."""

        def decide(application: Application) -> tuple[Paused, Patch]:
            return pause(application, change, until, takeover=takeover)

        return self._change(name, namespace, decide, "pause auto-sync of")

    def restore(self, name: str, namespace: str, change: str) -> Restored:
        """Put `automated` back and take our mark away, in one write."""
        return self._change(
            name, namespace, lambda found: restore(found, change), "restore auto-sync of"
        )

    def look(self, name: str, namespace: str, since: datetime) -> Application:
        """Ask by the annotation that `argocd app get --refresh` sets."""
        return self._change(
            name, namespace, lambda found: (found, look(found, since)), "ask for a look at"
        )

    def _change(
        self,
        name: str,
        namespace: str,
        decide: Callable[[Application], tuple[_Result, Patch]],
        doing: str,
    ) -> _Result:
        for _ in range(RACES):
            application = self.application(name, namespace)
            result, patch = decide(application)
            if not patch:
                return result
            metadata = {
                **(patch.get("metadata") or {}),
                "resourceVersion": application.resource_version,
            }
            try:
                self._api.request(
                    "PATCH",
                    _place(name, namespace),
                    doing=f"{doing} Application {name} in {namespace}",
                    body={**patch, "metadata": metadata},
                    content_type=MERGE_PATCH,
                    query=writing(),
                )
            except Conflict:
                continue
            return result
        raise RetryLater(f"Application {name} keeps changing; Redlight could not {doing} it yet")

    def _get(self, name: str, namespace: str) -> dict[str, Any]:
        doing = f"get Application {name} in {namespace}"
        try:
            found = self._api.request_object("GET", _place(name, namespace), doing=doing)
        except NotFound as error:
            raise NotFound(
                "the cluster does not know Applications of Argo CD",
                remedy="Install Argo CD there, or name another `context` for the environment.",
            ) from error
        if found is None:
            raise NotFound(
                f"there is no Application {name} in namespace {namespace}",
                remedy="Check [environments.….argocd] in redlight.toml.",
            )
        return found


class ArgoCDs(Deployers):
    """Argo CD by kubeconfig context, over the connections of the clusters."""

    def __init__(self, clusters: KubernetesClusters) -> None:
        self._clusters = clusters

    def __call__(self, context: str) -> Deployer:
        """Argo CD as seen from a context. Raises `Permanent` when the kubeconfig has no such."""
        return ArgoCD(self._clusters.api(context))


def _place(name: str, namespace: str) -> str:
    return f"{_PATH.format(quote(namespace, safe=''))}/{quote(name, safe='')}"
