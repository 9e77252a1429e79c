from typing import Any

import pytest

from chatbot.domain.portdefaults import complete_ports

POD: dict[str, Any] = {"containers": [{"name": "a", "ports": [{"containerPort": 80}]}]}
FULL: dict[str, Any] = {
    "containers": [{"name": "a", "ports": [{"containerPort": 80, "protocol": "TCP"}]}]
}


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        (
            "Service",
            {"ports": [{"port": 80}, {"port": 53, "protocol": "UDP"}]},
            {"ports": [{"port": 80, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]},
        ),
        ("Pod", POD, FULL),
        ("Deployment", {"template": {"spec": POD}}, {"template": {"spec": FULL}}),
        (
            "CronJob",
            {"jobTemplate": {"spec": {"template": {"spec": POD}}}},
            {"jobTemplate": {"spec": {"template": {"spec": FULL}}}},
        ),
        ("NetworkPolicy", {"ports": [{"port": 80}]}, {"ports": [{"port": 80}]}),
        ("Deployment", {"template": "none"}, {"template": "none"}),
        ("Service", {"ports": "80"}, {"ports": "80"}),
    ],
)
def test_a_port_names_its_protocol(kind: str, spec: Any, expected: Any) -> None:
    manifest = {"kind": kind, "spec": spec}
    before = repr(manifest)
    assert complete_ports(manifest) == {"kind": kind, "spec": expected}
    assert repr(manifest) == before
