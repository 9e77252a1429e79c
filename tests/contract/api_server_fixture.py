"""Both API servers behind one fixture: every promise is asked of the embedded and the real one."""

from collections.abc import Iterator

import pytest

from sandbox.apiserver.server import ApiServer
from sandbox.control_plane import ADMIN, ControlPlane
from tests.support.api_servers import Server

__all__ = ["api", "embedded_server", "real_server"]


@pytest.fixture(scope="session")
def embedded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("embedded") / "kubeconfig"
    with ApiServer(token="admin-token") as server:
        yield Server(server.url, server.token, server.write_kubeconfig(path), "default")


@pytest.fixture(scope="session")
def real_server(control_plane: ControlPlane) -> Server:
    return Server(
        control_plane.url,
        control_plane.token(ADMIN),
        control_plane.admin_kubeconfig,
        "default",
        control_plane.directory / "certs" / "apiserver.crt",
    )


@pytest.fixture(params=["embedded", "real"])
def api(request: pytest.FixtureRequest) -> Server:
    server: Server = request.getfixturevalue(f"{request.param}_server")
    return server.with_namespace()
