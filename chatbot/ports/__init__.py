"""What Redlight needs from outside, as Protocols; `adapters` has one file for each.

Every method that leaves the process may raise `RetryLater` or `Permanent` (or one of its kin, such
as `NotFound` and `Conflict`) from `domain.errors`, and nothing else on purpose. Every call has a
timeout of its own. Every write is safe to repeat.
"""

from chatbot.ports.argocd import Deployer, Deployers
from chatbot.ports.channels import Channels, Room
from chatbot.ports.chat import Chat
from chatbot.ports.clock import Clock
from chatbot.ports.cluster import Cluster, Clusters, DryRun, Kind
from chatbot.ports.git import GitCommit, GitHost, GitReview, Kustomize, RepoFile
from chatbot.ports.manifest import Manifest
from chatbot.ports.policy import Policies
from chatbot.ports.store import CardRow, NewChange, Store
from chatbot.ports.tracker import Issue, NewIssue, Tracker

__all__ = [
    "CardRow",
    "Channels",
    "Chat",
    "Clock",
    "Cluster",
    "Clusters",
    "Deployer",
    "Deployers",
    "DryRun",
    "GitCommit",
    "GitHost",
    "GitReview",
    "Issue",
    "Kind",
    "Kustomize",
    "Manifest",
    "NewChange",
    "NewIssue",
    "Policies",
    "RepoFile",
    "Room",
    "Store",
    "Tracker",
]
