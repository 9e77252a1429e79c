"""A cluster behind the recording proxy."""

from pathlib import Path

import yaml

from tests.support import call_names
from tests.support.proxy import Proxy


def kubeconfig_through(proxy: Proxy, kubeconfig: Path, folder: Path) -> Path:
    """A copy of a kubeconfig of one cluster, in `folder`, whose every call goes through the
    proxy."""
    document = yaml.safe_load(kubeconfig.read_text())
    [entry] = document["clusters"]
    server, authority = entry["cluster"]["server"], entry["cluster"].pop("certificate-authority")
    entry["cluster"]["server"] = proxy.listen(server, call_names.cluster, authority=Path(authority))
    path = folder / "kubeconfig.yaml"
    path.write_text(yaml.safe_dump(document))
    return path
