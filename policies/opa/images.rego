# METADATA
# title: Images come from a known registry and say which version
# description: >-
#   Every image starts with one of `parameters.images.registries` and has a digest or a tag other
#   than `latest`, so that what was approved is what runs, today and after a restart.
package redlight.images

import data.lib.workload
import rego.v1

deny contains msg if {
	some container in workload.containers
	not from_known_registry(container.image)
	msg := sprintf(
		"container %s uses the image %s, which is from none of the allowed registries (%s)",
		[container.name, container.image, concat(", ", data.parameters.images.registries)],
	)
}

deny contains msg if {
	some container in workload.containers
	not pinned(container.image)
	msg := sprintf(
		"container %s uses the image %s without a version; give it a tag other than latest, or a digest",
		[container.name, container.image],
	)
}

deny contains msg if {
	some container in workload.containers
	not container.image
	not filled_in_by_trigger(container.name)
	msg := sprintf("container %s names no image", [container.name])
}

from_known_registry(image) if {
	some registry in data.parameters.images.registries
	startswith(image, sprintf("%s/", [trim_suffix(registry, "/")]))
}

# OpenShift puts the image in when the stream has one.
from_known_registry(image) if filled_in(image)

pinned(image) if regex.match(`@sha256:[0-9a-f]{64}$`, image)

pinned(image) if {
	not contains(image, "@")
	last := regex.replace(image, `^.*/`, "")
	[_, tag] := split(last, ":")
	not tag in {"latest", ""}
}

pinned(image) if filled_in(image)

filled_in(image) if {
	input.kind == "DeploymentConfig"
	trim_space(image) == ""
}

filled_in_by_trigger(name) if {
	input.kind == "DeploymentConfig"
	some trigger in input.spec.triggers
	name in trigger.imageChangeParams.containerNames
}
