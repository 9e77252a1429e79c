# METADATA
# title: Pods stay inside their container
# description: >-
#   No privileged container, no namespace, port or path of the host, and no capability beyond
#   `parameters.privileged.capabilities`: each of them is a way onto the node.
package redlight.privileged

import data.lib.workload
import rego.v1

deny contains msg if {
	some container in workload.containers
	container.securityContext.privileged == true
	msg := sprintf("container %s is privileged", [container.name])
}

deny contains msg if {
	some field in {"hostNetwork", "hostPID", "hostIPC"}
	workload.pod[field] == true
	msg := sprintf("the pod uses a namespace of the host (%s)", [field])
}

deny contains msg if {
	some volume in workload.pod.volumes
	volume.hostPath
	msg := sprintf("volume %s is a path of the host (%s)", [volume.name, object.get(volume.hostPath, "path", "")])
}

deny contains msg if {
	some container in workload.containers
	some port in container.ports
	port.hostPort > 0
	msg := sprintf("container %s takes port %d of the host", [container.name, port.hostPort])
}

deny contains msg if {
	some container in workload.containers
	some capability in container.securityContext.capabilities.add
	not trim_prefix(capability, "CAP_") in data.parameters.privileged.capabilities
	msg := sprintf("container %s adds the capability %s", [container.name, capability])
}

warn contains msg if {
	some container in workload.containers
	container.securityContext.allowPrivilegeEscalation == true
	msg := sprintf("container %s allows privilege escalation", [container.name])
}
