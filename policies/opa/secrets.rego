# METADATA
# title: No plain Secret in Git
# description: >-
#   A Secret's data is readable by everyone who reads the repository; a SealedSecret, an
#   ExternalSecret or a reference to a vault says the same without telling.
package redlight.secrets

import rego.v1

deny contains msg if {
	input.kind == "Secret"
	input.apiVersion == "v1"
	msg := "a plain Secret does not belong in Git; use a SealedSecret, an ExternalSecret or a reference to a vault"
}
