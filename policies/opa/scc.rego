# METADATA
# title: No way around OpenShift's restricted SCCs
# description: >-
#   Nobody is given the use of a security context constraint outside `parameters.scc.allowed`, by a
#   role, a binding, an annotation or the constraint's own list, and no new one opens the host.
package redlight.scc

import data.lib.workload
import rego.v1

deny contains msg if {
	input.kind == "SecurityContextConstraints"
	some field in {
		"allowPrivilegedContainer", "allowHostDirVolumePlugin", "allowHostNetwork",
		"allowHostPID", "allowHostIPC", "allowHostPorts",
	}
	input[field] == true
	msg := sprintf("the SCC opens the host (%s)", [field])
}

deny contains msg if {
	input.kind == "SecurityContextConstraints"
	not input.metadata.name in data.parameters.scc.allowed
	some field in {"users", "groups"}
	some member in input[field]
	msg := sprintf("the SCC is given to %s in %s", [member, field])
}

deny contains msg if {
	input.kind in {"Role", "ClusterRole"}
	some rule in input.rules
	"securitycontextconstraints" in rule.resources
	some verb in rule.verbs
	verb in {"use", "*"}
	some name in named(rule)
	not name in data.parameters.scc.allowed
	msg := sprintf("the role allows the use of the SCC %s", [name])
}

deny contains msg if {
	input.kind in {"RoleBinding", "ClusterRoleBinding"}
	startswith(input.roleRef.name, "system:openshift:scc:")
	name := trim_prefix(input.roleRef.name, "system:openshift:scc:")
	not name in data.parameters.scc.allowed
	msg := sprintf("the binding allows the use of the SCC %s", [name])
}

deny contains msg if {
	name := workload.template.metadata.annotations["openshift.io/required-scc"]
	not name in data.parameters.scc.allowed
	msg := sprintf("the pod asks for the SCC %s", [name])
}

named(rule) := rule.resourceNames if count(rule.resourceNames) > 0

named(rule) := ["(any)"] if count(object.get(rule, "resourceNames", [])) == 0
