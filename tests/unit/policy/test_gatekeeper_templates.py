"""ConstraintTemplates and Constraints work from files as people publish them."""

import pytest

from chatbot.domain.policy import Subject
from tests.unit.policy.judging import constraint, gatekeeper, hits, judge, template, thing

REPOS = template(
    """
    package k8sallowedrepos

    violation[{"msg": msg}] {
      container := input.review.object.spec.containers[_]
      satisfied := [good | repo = input.parameters.repos[_] ; good = startswith(container.image, repo)]
      not any(satisfied)
      msg := sprintf("container <%v> has an invalid image <%v>, allowed are %v", [container.name, container.image, input.parameters.repos])
    }

    violation[{"msg": msg}] {
      container := input.review.object.spec.initContainers[_]
      satisfied := [good | repo = input.parameters.repos[_] ; good = startswith(container.image, repo)]
      not any(satisfied)
      msg := sprintf("initContainer <%v> has an invalid image <%v>", [container.name, container.image])
    }
    """,  # noqa: E501 - as long as people write them
    version="v1beta1",
)
PRIVILEGED = template(
    """
    package k8spspprivileged

    import data.lib.exempt.is_exempt

    violation[{"msg": msg, "details": {}}] {
      c := input_containers[_]
      not is_exempt(c)
      c.securityContext.privileged
      msg := sprintf("Privileged container is not allowed: %v, securityContext: %v", [c.name, c.securityContext])
    }

    input_containers[c] {
      c := input.review.object.spec.containers[_]
    }
    input_containers[c] {
      c := input.review.object.spec.initContainers[_]
    }
    """,  # noqa: E501 - as long as people write them
    libs=[
        """
        package lib.exempt

        is_exempt(container) {
          exempt := object.get(object.get(input, "parameters", {}), "exemptImages", [])
          img := container.image
          exemption := exempt[_]
          matches(img, exemption)
        }

        matches(img, exemption) {
          not endswith(exemption, "*")
          exemption == img
        }

        matches(img, exemption) {
          endswith(exemption, "*")
          prefix := trim_suffix(exemption, "*")
          startswith(img, prefix)
        }
        """
    ],
)
UNIQUE_HOST = template(
    """
    package k8suniqueingresshost

    identical(obj, review) {
      obj.metadata.namespace == review.object.metadata.namespace
      obj.metadata.name == review.object.metadata.name
    }

    violation[{"msg": msg}] {
      input.review.kind.kind == "Ingress"
      re_match("^(extensions|networking.k8s.io)$", input.review.kind.group)
      host := input.review.object.spec.rules[_].host
      other := data.inventory.namespace[_][otherapiversion]["Ingress"][name]
      re_match("^(extensions|networking.k8s.io)/.+$", otherapiversion)
      other.spec.rules[_].host == host
      not identical(other, input.review)
      msg := sprintf("ingress host conflicts with an existing ingress <%v>", [host])
    }
    """
)
LIMITS = template(
    """
    package k8scontainerlimits

    missing(obj, field) = true {
      not obj[field]
    }

    missing(obj, field) = true {
      obj[field] == ""
    }

    canonify_cpu(orig) = new {
      is_number(orig)
      new := orig * 1000
    }

    canonify_cpu(orig) = new {
      not is_number(orig)
      endswith(orig, "m")
      new := to_number(replace(orig, "m", ""))
    }

    canonify_cpu(orig) = new {
      not is_number(orig)
      not endswith(orig, "m")
      re_match("^[0-9]+(\\\\.[0-9]+)?$", orig)
      new := to_number(orig) * 1000
    }

    violation[{"msg": msg}] {
      general_violation[{"msg": msg, "field": "containers"}]
    }

    general_violation[{"msg": msg, "field": field}] {
      container := input.review.object.spec[field][_]
      cpu_orig := container.resources.limits.cpu
      not canonify_cpu(cpu_orig)
      msg := sprintf("container <%v> cpu limit <%v> could not be parsed", [container.name, cpu_orig])
    }

    general_violation[{"msg": msg, "field": field}] {
      container := input.review.object.spec[field][_]
      missing(container.resources.limits, "cpu")
      msg := sprintf("container <%v> has no cpu limit", [container.name])
    }

    general_violation[{"msg": msg, "field": field}] {
      container := input.review.object.spec[field][_]
      cpu := canonify_cpu(container.resources.limits.cpu)
      max_cpu := canonify_cpu(input.parameters.cpu)
      cpu > max_cpu
      msg := sprintf("container <%v> cpu limit <%v> is higher than the maximum allowed of <%v>", [container.name, container.resources.limits.cpu, input.parameters.cpu])
    }
    """  # noqa: E501 - as long as people write them
)


def pod(*containers: dict[str, object], **fields: object) -> dict[str, object]:
    return thing("p", kind="Pod", spec={"containers": list(containers)}, **fields)


def ingress(name: str, host: str) -> dict[str, object]:
    return thing(
        name, apiVersion="networking.k8s.io/v1", kind="Ingress", spec={"rules": [{"host": host}]}
    )


def test_allowed_repositories_of_the_first_days() -> None:
    spec = "parameters:\n  repos: [registry.example.com/]"
    bad = {"name": "b", "image": "nginx"}
    good = {"name": "a", "image": "registry.example.com/a"}
    message = 'container <b> has an invalid image <nginx>, allowed are ["registry.example.com/"]'
    assert gatekeeper(REPOS, pod(good, bad), spec=spec) == [("deny", message)]
    assert gatekeeper(REPOS, pod(good), spec=spec) == []
    assert gatekeeper(REPOS, pod({"name": "none"}), spec=spec) == [], "the message is undefined"


def test_a_library_decides_who_is_exempt() -> None:
    spec = "parameters:\n  exemptImages: ['registry.example.com/tools/*']"
    security = {"privileged": True}
    bad = pod({"name": "a", "image": "nginx", "securityContext": security})
    exempt = pod(
        {"name": "a", "image": "registry.example.com/tools/x", "securityContext": security}
    )
    ((enforcement, message),) = gatekeeper(PRIVILEGED, bad, spec=spec)
    assert enforcement == "deny"
    assert message.startswith("Privileged container is not allowed: a")
    assert gatekeeper(PRIVILEGED, exempt, spec=spec) == []
    assert len(gatekeeper(PRIVILEGED, exempt)) == 1, "without parameters nobody is exempt"


def test_a_host_that_the_inventory_has_is_taken() -> None:
    there, new = ingress("there", "shop.example.com"), ingress("new", "shop.example.com")
    conflict = [("deny", "ingress host conflicts with an existing ingress <shop.example.com>")]
    assert gatekeeper(UNIQUE_HOST, new, inventory=[there]) == conflict
    assert gatekeeper(UNIQUE_HOST, new) == []
    assert gatekeeper(UNIQUE_HOST, there, inventory=[there]) == [], "it is the same object"
    assert gatekeeper(UNIQUE_HOST, new, there) == conflict * 2, "they arrive together"


@pytest.mark.parametrize(
    ("cpu", "messages"),
    [
        ("100m", []),
        (1, ["container <a> cpu limit <1> is higher than the maximum allowed of <200m>"]),
        ("0.1", []),
        ("2", ["container <a> cpu limit <2> is higher than the maximum allowed of <200m>"]),
        ("a lot", ["container <a> cpu limit <a lot> could not be parsed"]),
        ("xm", ["container <a> cpu limit <xm> could not be parsed"]),
    ],
)
def test_quantities_are_compared_and_nonsense_is_a_violation(
    cpu: object, messages: list[str]
) -> None:
    judged = pod({"name": "a", "resources": {"limits": {"cpu": cpu}}})
    assert gatekeeper(LIMITS, judged, spec='parameters:\n  cpu: "200m"') == [
        ("deny", message) for message in messages
    ]


def test_a_template_with_an_engine_list_takes_rego_of_either_version_beside_cel() -> None:
    made = """\
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8stest}
spec:
  crd: {spec: {names: {kind: K8sTest}}}
  targets:
    - target: admission.k8s.gatekeeper.sh
      code:
        - engine: K8sNativeValidation
          source: {validations: [{expression: "true"}]}
        - engine: Rego
          source:
            version: v1
            libs:
              - |
                package lib.names
                bad(name) if endswith(name, "-bad")
            rego: |
                package k8stest
                import data.lib.names
                violation contains {"msg": "a bad name"} if names.bad(input.review.name)
"""
    assert gatekeeper(made, thing("very-bad")) == [("deny", "a bad name")]
    assert gatekeeper(made, thing("good")) == []
    cel_only = made[: made.index("        - engine: Rego")]
    files = {"gatekeeper/t.yaml": cel_only}
    ((_, message),) = hits(judge(files, thing()))
    assert "gatekeeper/t.yaml: the template is written in CEL (`K8sNativeValidation`)" in message


def test_the_review_has_everything_that_templates_ask_for() -> None:
    made = template(
        """
        package t
        violation[{"msg": msg}] {
          r := input.review
          r.oldObject.spec.replicas > r.object.spec.replicas
          msg := sprintf("%v %v %v/%v %v/%v of %v by %v", [r.operation, r.kind.kind, r.kind.group, r.kind.version, r.namespace, r.name, r.oldObject.spec.replicas, r.userInfo.username])
        }
        """  # noqa: E501 - one line for all
    )
    new = thing("web", apiVersion="apps/v1", kind="Deployment", spec={"replicas": 1})
    old = {**new, "spec": {"replicas": 3}}
    subject = Subject(new, old, "UPDATE", {"username": "someone"})
    message = "UPDATE Deployment apps/v1 shop/web of 3 by someone"
    assert gatekeeper(made, subject) == [("deny", message)]
    assert gatekeeper(made, new) == []


def test_the_defaults_of_the_schema_are_filled_in() -> None:
    made = template(
        'package t\nviolation[{"msg": msg}] {\n  p := input.parameters.list[_]\n'
        '  msg := sprintf("%v %v %v", [input.parameters.word, p.a, p.b])\n}',
        schema="""\
        type: object
        properties:
          word: {type: string, default: from the schema}
          list:
            type: array
            items:
              type: object
              properties:
                a: {type: integer, default: 7}
                b: {type: integer}
        """,
    )
    spec = "parameters:\n  list: [{b: 1}, {a: 2, b: 2}]"
    assert gatekeeper(made, spec=spec) == [
        ("deny", "from the schema 2 2"),
        ("deny", "from the schema 7 1"),
    ]


@pytest.mark.parametrize("action", ["deny", "warn", "dryrun"])
def test_the_enforcement_action_is_the_constraints(action: str) -> None:
    made = template('package t\nviolation[{"msg": "hit"}] { true }')
    assert gatekeeper(made, spec=f"enforcementAction: {action}") == [(action, "hit")]


def test_an_error_denies_even_where_the_constraint_only_warns() -> None:
    made = template('package t\nf(1) = 1\nf(x) = 2\nviolation[{"msg": "x"}] { f(1) }')
    ((enforcement, message),) = gatekeeper(made, spec="enforcementAction: dryrun")
    assert enforcement == "deny"
    assert "gatekeeper/t.yaml (rego):4:28: functions must not produce" in message


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("enforcementAction: scoped", "`enforcementAction: scoped` is not supported"),
        ("enforcementAction: audit", "`enforcementAction` is `audit`"),
        ("match: {kind: [Pod]}", "`match.kind` is not known"),
        ("match: {scope: cluster}", "`match.scope` must be"),
        ("match: {labelSelector: {app: web}}", "`match.labelSelector` takes"),
        ("match: {kinds: [Pod]}", "`match.kinds` must be a list of mappings"),
    ],
)
def test_a_constraint_that_gatekeeper_would_not_take_denies_and_says_why(
    spec: str, reason: str
) -> None:
    made = template('package t\nviolation[{"msg": "hit"}] { true }')
    ((enforcement, message),) = gatekeeper(made, spec=spec)
    assert (enforcement, reason in message) == ("deny", True)
    assert "gatekeeper/c.yaml" in message


def test_a_constraint_without_its_template_denies() -> None:
    ((_, message),) = hits(judge({"gatekeeper/c.yaml": constraint()}, thing()))
    assert "there is no template `K8sTest`" in message


def test_a_template_without_a_violation_rule_denies() -> None:
    ((_, message),) = gatekeeper(template("package t\ndeny[m] { m := 1 }"))[:1]
    assert "has no `violation` rule" in message


def test_what_else_a_published_folder_holds_is_left_alone() -> None:
    files = {
        "gatekeeper/suite.yaml": "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\ntests: []",
        "gatekeeper/kustomization.yaml": "resources: [template.yaml]",
        "gatekeeper/samples/example.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}",
        "gatekeeper/sync.yaml": "apiVersion: config.gatekeeper.sh/v1alpha1\nkind: Config",
        "gatekeeper/README.md": "# not yaml: [",
    }
    assert judge(files, thing()) == []
    ((enforcement, _),) = hits(judge({"gatekeeper/broken.yaml": "a: [1"}, thing()))
    assert enforcement == "deny"


def test_two_constraints_of_one_template_keep_their_parameters_apart() -> None:
    made = template('package t\nviolation[{"msg": m}] { m := input.parameters.say }')
    files = {
        "gatekeeper/t.yaml": made,
        "gatekeeper/c.yaml": constraint("parameters: {say: one}", name="one")
        + "---\n"
        + constraint("parameters: {say: two}", name="two"),
    }
    found = judge(files, thing())
    assert [(one.policy, one.message) for one in found] == [
        ("K8sTest/one", "one"),
        ("K8sTest/two", "two"),
    ]
