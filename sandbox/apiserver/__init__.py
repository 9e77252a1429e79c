"""A Kubernetes API server in one process, for the tour on machines that have no real one.

It answers what Redlight and `kubectl` ask, worded as `kube-apiserver` words it; the same contract
tests run against both. It keeps everything in memory, authorizes whoever holds its token (there
is no RBAC), and has no admission webhooks.
"""
