# METADATA
# title: Containers say what they need and where it ends
# description: >-
#   Every container has the requests and limits named in `parameters.resources`: without requests
#   the scheduler guesses, without a memory limit one leak takes its neighbours along.
package redlight.resources

import data.lib.workload
import rego.v1

deny contains msg if {
	some container in workload.sized
	some section in {"requests", "limits"}
	some resource in data.parameters.resources[section]
	not container.resources[section][resource]
	msg := sprintf("container %s has no resources.%s.%s", [container.name, section, resource])
}
