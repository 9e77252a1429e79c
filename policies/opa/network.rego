# METADATA
# title: A namespace with workloads has a NetworkPolicy
# description: >-
#   Where the inventory shows the namespace of a workload, it must show a NetworkPolicy in it;
#   where the namespace is out of view, nobody can tell, and that is said.
package redlight.network

import data.lib.workload
import rego.v1

namespace := object.get(input.metadata, "namespace", "")

deny contains msg if {
	lonely
	in_view
	msg := sprintf("the namespace %s has no NetworkPolicy; add one that denies by default", [namespace])
}

warn contains msg if {
	lonely
	not in_view
	msg := sprintf("the inventory does not show whether the namespace %s has a NetworkPolicy", [namespace])
}

lonely if {
	workload.pod
	namespace != ""
	not protected
}

protected if {
	some version, kinds in data.inventory.namespace[namespace]
	startswith(version, "networking.k8s.io/")
	count(kinds.NetworkPolicy) > 0
}

in_view if data.inventory.cluster.v1.Namespace[namespace]
