"""The outside world as one thing: a Slack, a GitHub with the cluster repository, a Jira, a cluster
that already runs what the repository says, with a kubelet loop and an Argo CD. `redlight sandbox`
and the tests start the same one."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from sandbox.children import Child
from sandbox.cluster import LocalCluster, local_cluster
from sandbox.interrupts import held_back
from sandbox.jira import PROJECT, TOKEN
from sandbox.slack_workspace import APP_TOKEN, BOT_TOKEN

CONFIG = Path(__file__).with_name("redlight.toml")
"""What the bot of the sandbox is told; every environment in it shares the one cluster."""

FORGE_TOKEN = "sandbox-bot-token"

GITOPS = ("staging", "prod")
"""What Argo CD deploys in the sandbox, when it is told to."""


@dataclass(frozen=True)
class Outside:
    """Where the parts answer."""

    slack: str
    forge: str
    cluster: LocalCluster
    jira: str = ""
    """Empty: there is none."""

    def environ(self, database: Path, *, config: Path = CONFIG) -> dict[str, str]:
        """What a bot must be told to live in this world."""
        return {
            "SLACK_API_URL": f"{self.slack}/api/",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "GITHUB_API_URL": self.forge,
            "GITHUB_TOKEN": FORGE_TOKEN,
            **self._jira(),
            "KUBECONFIG": str(self.cluster.bot_kubeconfig),
            "REDLIGHT_CONFIG": str(config),
            "REDLIGHT_DB": str(database),
            "REDLIGHT_HTTP": "",
        }

    def _jira(self) -> dict[str, str]:
        if not self.jira:
            return {}
        return {"JIRA_URL": self.jira, "JIRA_TOKEN": TOKEN, "JIRA_PROJECT": PROJECT}


class World:
    """Everything outside the bot, as programs of their own that keep their files in one folder."""

    def __init__(
        self, folder: Path, *, slack_port: int = 0, forge_port: int = 0, jira_port: int = 0
    ) -> None:
        self._folder = folder
        self._slack_port = slack_port
        self._forge_port = forge_port
        self._jira_port = jira_port
        self._parts = ExitStack()
        self._children: list[Child] = []

    def __enter__(self) -> Outside:
        with ExitStack() as parts:
            # The slow one starts last and all are waited for at the end: they start side by side.
            git = str(self._folder / "git")
            forge = self._start(
                parts, "forge", "sandbox.forge", "--port", str(self._forge_port), "--dir", git
            )
            jira = self._start(parts, "jira", "sandbox.jira", "--port", str(self._jira_port))
            slack = self._start(parts, "slack", "sandbox.slack", "--port", str(self._slack_port))
            cluster = parts.enter_context(local_cluster(self._folder / "cluster"))
            kubeconfig = str(cluster.admin_kubeconfig)
            kubelet = self._start(parts, "kubelet", "sandbox.kubelet", "--kubeconfig", kubeconfig)
            outside = Outside(
                slack=slack.wait_for(r"slack ready on (\S+)")[1],
                forge=forge.wait_for(r"forge ready on (\S+)")[1],
                jira=jira.wait_for(r"jira ready on (\S+)")[1],
                cluster=cluster,
            )
            kubelet.wait_for("kubelet ready")
            self._deploy(parts, outside)
            self._parts = parts.pop_all()
        return outside

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._parts.close()

    def _deploy(self, parts: ExitStack, outside: Outside) -> None:
        """Argo CD, which follows the cluster repository and takes over what runs already."""
        repo_url = f"{outside.forge}/acme/cluster-config.git"
        outside.cluster.install_argocd()
        outside.cluster.deploy(repo_url, GITOPS)
        argocd = self._start(
            parts,
            "argocd",
            *("sandbox.argocd", "--repo-url", repo_url),
            *("--kubeconfig", str(outside.cluster.admin_kubeconfig)),
            *("--clock", str(self.clock)),
        )
        argocd.wait_for("argocd ready")

    @property
    def clock(self) -> Path:
        """The file that says how fast time runs, for the bot and for Argo CD."""
        return self._folder / "clock"

    def run_bot(self, environ: Mapping[str, str]) -> None:
        """Start a bot that ends with this world, and wait until it is connected."""
        bot = self._start(
            self._parts, "redlight", "sandbox.bot", "--clock", str(self.clock), environ=environ
        )
        bot.wait_for("redlight.ready")

    def ended(self) -> Child | None:
        """A program that ended although it should run."""
        return next((child for child in self._children if not child.alive()), None)

    def _start(
        self,
        parts: ExitStack,
        name: str,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
    ) -> Child:
        with held_back():
            child = Child.start(name, arguments, folder=self._folder, environ=environ)
            parts.callback(child.stop)
        self._children.append(child)
        return child
