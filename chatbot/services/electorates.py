"""Who may say yes to a change, as Slack, the rules and the delegations have it now."""

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.domain.approval import Electorate, authors_of, rule_for
from chatbot.domain.change import Change
from chatbot.domain.environment import Environment
from chatbot.ports import Store
from chatbot.services.people import People


@dataclass(frozen=True)
class Electorates:
    """Resolves electorates; what Slack said is remembered for a minute."""

    store: Store
    people: People
    environments: Mapping[str, Environment]

    def of(self, change: Change) -> Electorate:
        """Raises `RetryLater` or `Permanent` while Slack does not answer: nobody counts then."""
        environment = self.environments[change.request.environment]
        rule = rule_for(change, environment)
        delegations = tuple(self.store.delegations())
        parts = {change.requester}
        parts.update(user for one in delegations for user in (one.senior, one.delegate))
        parts.update(user for one in change.progress.approvals for user in (one.user, one.behalf))
        for author in authors_of(change):
            parts |= self.people.with_email(author.email) if author.email else frozenset()
        if rule.seniors_only:
            parts |= self.people.seniors()
        logins = self.people.logins()
        if environment.github_reviews:
            parts.update(logins)
        return Electorate(
            environment=environment,
            voters=self.people.voters(seniors_only=rule.seniors_only),
            named=self.people.named(seniors_only=rule.seniors_only),
            persons=self.people.known(parts - {""}),
            logins=logins,
            delegations=delegations,
        )
