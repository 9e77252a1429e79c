"""Kubernetes and OpenShift clusters behind the `Cluster` and `Clusters` ports."""

from chatbot.adapters.kubernetes.clusters import KubernetesClusters

__all__ = ["KubernetesClusters"]
