"""The cluster repository on GitHub behind the `GitHost` port."""

from chatbot.adapters.github.host import GitHubHost

__all__ = ["GitHubHost"]
