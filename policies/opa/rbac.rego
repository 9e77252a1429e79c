# METADATA
# title: Roles say what they allow
# description: >-
#   No `*` in a role, no verb by which a role makes itself bigger, no binding to `cluster-admin`,
#   and nothing for people who are not logged in.
package redlight.rbac

import rego.v1

deny contains msg if {
	input.kind in {"Role", "ClusterRole"}
	some rule in input.rules
	some field in {"verbs", "resources", "apiGroups", "nonResourceURLs"}
	some value in rule[field]
	value == "*"
	msg := sprintf("a rule of the role has * in %s; name what is needed", [field])
}

deny contains msg if {
	input.kind in {"Role", "ClusterRole"}
	some rule in input.rules
	some verb in rule.verbs
	verb in {"escalate", "bind", "impersonate"}
	msg := sprintf("a rule of the role allows %s, which gives more than the role says", [verb])
}

deny contains msg if {
	binding
	input.roleRef.kind == "ClusterRole"
	input.roleRef.name == "cluster-admin"
	msg := "the binding makes its subjects cluster-admin"
}

deny contains msg if {
	binding
	some subject in input.subjects
	subject.name in {"system:anonymous", "system:unauthenticated"}
	msg := sprintf("the binding is for %s: anyone on the network", [subject.name])
}

binding if input.kind in {"RoleBinding", "ClusterRoleBinding"}
