"""Redlight: changes to Kubernetes and OpenShift, from Slack, the GitOps way."""
