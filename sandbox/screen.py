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
       2  In #test-changes:  [cyan]/change restart test deploy/api[/cyan]
          Press Apply on the card, then merge its pull request.
       3  In #prod-changes:  [cyan]/change scale prod deploy/web 6[/cyan]
          Become a senior and press Approve: it is merged, synced, healthy.
       4  On GitHub, edit environments/prod/shop-prod/web.yaml: let its image
          end in :latest, and commit that to a new branch. In #prod-changes:
          [cyan]/change apply prod[/cyan]   and name the branch. Policy stops it: press
          Edit in the pull request, mend it, and the card goes on by itself.
  [bold]See[/bold]     [cyan]/change list[/cyan]; in Git, and in the cluster, {cluster}:
          [cyan]git clone {forge}/{repo}.git[/cyan]
          [cyan]export KUBECONFIG={kubeconfig}[/cyan]
  [bold]Time[/bold]    Type 600 and Enter here: an hour passes in six seconds. 1: as it is.
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
