"""Clusters by kubeconfig context, each made when it is first asked for."""

import os
from pathlib import Path
from threading import Lock

from kubernetes import config
from kubernetes.client import Configuration

from chatbot.adapters.kubernetes.api import Api
from chatbot.adapters.kubernetes.cluster import KubernetesCluster
from chatbot.domain.errors import Permanent
from chatbot.ports import Cluster, Clusters

DEFAULT_KUBECONFIG = Path("~/.kube/config")


class KubernetesClusters(Clusters):
    """`kubeconfig` is one path or several, as in the variable of that name; empty: the usual
    file, or, inside a cluster that has none, the pod's own service account. `timeout` is in
    seconds, for one answer."""

    def __init__(self, kubeconfig: str = "", *, timeout: float = 15.0) -> None:
        self._kubeconfig = kubeconfig
        self._timeout = timeout
        self._lock = Lock()
        self._clusters: dict[str, KubernetesCluster] = {}

    def __call__(self, context: str) -> Cluster:
        """The cluster of a context, empty: the current one. Raises `Permanent` when the
        kubeconfig cannot be used or has no such context."""
        return self._cluster(context)

    def api(self, context: str) -> Api:
        """The connection of a context, for adapters of what lives in the cluster. Raises as
        calling does."""
        return self._cluster(context).api

    def _cluster(self, context: str) -> KubernetesCluster:
        with self._lock:
            if context not in self._clusters:
                self._clusters[context] = KubernetesCluster(self._load(context), self._timeout)
            return self._clusters[context]

    def _load(self, context: str) -> Configuration:
        configuration = Configuration()
        try:
            if self._is_inside(context):
                config.load_incluster_config(client_configuration=configuration)
            else:
                config.load_kube_config(
                    config_file=self._kubeconfig or str(DEFAULT_KUBECONFIG.expanduser()),
                    context=context or None,
                    client_configuration=configuration,
                    persist_config=False,
                )
        except (config.ConfigException, OSError, ValueError, KeyError, TypeError) as error:
            which = f"context {context}" if context else "the current context"
            raise Permanent(
                f"the kubeconfig gives no access to {which}: {error}",
                remedy="Check KUBECONFIG and the `context` of the environment in redlight.toml.",
            ) from error
        return configuration

    def _is_inside(self, context: str) -> bool:
        """Whether to speak as the pod that we run in."""
        files = [part for part in self._kubeconfig.split(os.pathsep) if part]
        named = files or [str(DEFAULT_KUBECONFIG.expanduser())]
        return not context and not any(Path(part).is_file() for part in named)
