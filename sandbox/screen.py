"""What `redlight sandbox` prints: one screen of at most 24 lines of 80 columns."""

from pathlib import Path

from sandbox.world import Outside

REPO = "acme/cluster-config"

_SCREEN = """
  [bold]Redlight sandbox[/bold] is running. Ctrl-C ends it and leaves nothing behind.

  [bold]Open[/bold]    [bold]{slack}[/bold]    the Slack
          {forge}    the GitHub, with {repo}
  [bold]Act as[/bold]  requester, as you already are; the list at the top right of the
          Slack makes you somebody else, a guest for instance

  [bold]Try[/bold]  1  In #dev-changes:   [cyan]/change scale dev deploy/web 3[/cyan]
          Say why and press Request. In dev the rest goes by itself.
       2  In #test-changes:  [cyan]/change restart test deploy/api[/cyan]
          Press Apply on the card, then merge its pull request.
       3  In #prod-changes:  [cyan]/change scale prod deploy/web 6[/cyan]
          Become a senior and press Approve: it is merged, synced, healthy.
       4  [cyan]/change list[/cyan]   and, to see in Git what you did:
          [cyan]git clone {forge}/{repo}.git[/cyan]

  [bold]See[/bold]     the cluster itself, {cluster}:
          [cyan]export KUBECONFIG={kubeconfig}[/cyan]

  [dim]The Slack listens on all interfaces of this machine and asks for no[/dim]
  [dim]password: run it only where you trust the network.[/dim]
"""


def screen(outside: Outside, kubeconfig: Path) -> str:
    """The screen, as rich markup."""
    return _SCREEN.format(
        slack=outside.slack,
        forge=outside.forge,
        repo=REPO,
        cluster="a real kube-apiserver" if outside.cluster.is_real else "an embedded API server",
        kubeconfig=kubeconfig,
    ).rstrip()
