# METADATA
# title: Workloads
# description: Finds the pod and the containers in whatever kind of object makes pods.
package lib.workload

import rego.v1

templated := {
	"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job",
	"DeploymentConfig",
}

template := {"metadata": object.get(input, "metadata", {}), "spec": input.spec} if input.kind == "Pod"

template := input.spec.template if input.kind in templated

template := input.spec.jobTemplate.spec.template if input.kind == "CronJob"

# The spec of the pods that the object makes; undefined when it makes none.
pod := template.spec

containers contains container if {
	some field in {"containers", "initContainers", "ephemeralContainers"}
	some container in pod[field]
}

# Those that run by what the author says about their size; a debugging container has none.
sized contains container if {
	some field in {"containers", "initContainers"}
	some container in pod[field]
}
