"""What `redlight sandbox` prints: one screen of at most 24 lines of 80 columns."""

from pathlib import Path

from sandbox.world import Outside

REPO = "acme/cluster-config"

_SCREEN = """
  [bold]Redlight sandbox[/bold] is running. Ctrl-C ends it and leaves nothing behind.

  [bold]Open[/bold]    [bold]{slack}[/bold]    the Slack
          {forge}    the GitHub, with {repo}
          {jira}    the Jira, where emergencies are filed
  [bold]Act as[/bold]  requester, or whom you pick at the top right of the Slack

  [bold]Try[/bold]  1  In #dev-changes:   [cyan]/change scale dev deploy/web 3[/cyan]
          Say why and press Request. In dev the rest goes by itself.
       2  In #prod-changes:  [cyan]/change scale prod deploy/web 6[/cyan]
          Become a senior and press Approve: it is merged, synced, healthy.
       3  On GitHub, let environments/prod/shop-prod/web.yaml use :latest, on a
          new branch; name that in [cyan]/change apply prod[/cyan]  Policy stops it.
       4  In #incidents:     [cyan]/breakglass scale prod deploy/web 8[/cyan]
          Pass the red lights. Become senior-one and authorize it: it is live.
          As requester, write the postmortem, and merge the pull request;
          as senior-one, accept the postmortem in your direct messages.
  [bold]Time[/bold]    Before you pay, type 600 and Enter here: an hour passes in 6 s, and
          you are reminded. 1: time as it is. In Slack: [cyan]/change list debt[/cyan]
  [bold]See[/bold]     In Git, and in the cluster, {cluster}:
          [cyan]git clone {forge}/{repo}.git[/cyan]
          [cyan]export KUBECONFIG={kubeconfig}[/cyan]
  [dim]The Slack listens on all interfaces, without passwords: trust the network.[/dim]
"""


def screen(outside: Outside, kubeconfig: Path) -> str:
    """The screen, as rich markup."""
    return _SCREEN.format(
        slack=outside.slack,
        forge=outside.forge,
        jira=outside.jira,
        repo=REPO,
        cluster="a real kube-apiserver" if outside.cluster.is_real else "an embedded API server",
        kubeconfig=kubeconfig,
    ).rstrip()
