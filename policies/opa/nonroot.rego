# METADATA
# title: Containers do not run as root
# description: >-
#   Nothing asks for user 0 or switches `runAsNonRoot` off; what says nothing is warned about, since
#   OpenShift's restricted SCC then gives it a user of its own.
package redlight.nonroot

import data.lib.workload
import rego.v1

deny contains msg if {
	some container in workload.containers
	setting(container, "runAsUser") == 0
	msg := sprintf("container %s runs as root (runAsUser: 0)", [container.name])
}

deny contains msg if {
	some container in workload.containers
	setting(container, "runAsNonRoot") == false
	msg := sprintf("container %s may run as root (runAsNonRoot: false)", [container.name])
}

warn contains msg if {
	some container in workload.containers
	not decided(container)
	msg := sprintf("container %s does not say runAsNonRoot: true", [container.name])
}

decided(container) if setting(container, "runAsNonRoot") in {true, false}

decided(container) if setting(container, "runAsUser") >= 0

# The container's own setting, or else the pod's.
setting(container, field) := container.securityContext[field]

setting(container, field) := workload.pod.securityContext[field] if not own(container, field)

own(container, field) if container.securityContext[field] in {true, false}

own(container, field) if container.securityContext[field] >= 0
