"""Approval: how many have to say yes, who may, whose yes counts, and how that is told.

One person's yes is to one exact content, the digest of the plan. Nobody approves what they
requested or had a hand in. A delegate lends a mouth, not a second voice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from chatbot.domain.change import Change, Path, RiskLevel
from chatbot.domain.delegation import Delegation
from chatbot.domain.environment import Environment
from chatbot.domain.lifecycle import State
from chatbot.domain.mrkdwn import code, mention, moment
from chatbot.domain.person import Person, counts, why_not_counted
from chatbot.domain.red_lights import asked_at
from chatbot.domain.review import Approval, Author

_RISKS = list(RiskLevel)
_SHOWN_SHA = 7
_SHOWN_NAME = 60


@dataclass(frozen=True)
class Rule:
    """What a change needs before it may go on."""

    count: int
    seniors_only: bool
    timeout: timedelta


def rule_of(environment: Environment, risk: RiskLevel) -> Rule:
    """The environment's rule; a change that is riskier than its class needs one more yes, and
    from seniors."""
    riskier = _RISKS.index(risk) > _RISKS.index(environment.rules.risk_level)
    return Rule(
        count=environment.approvals + riskier,
        seniors_only=environment.rules.requires_senior_approval or riskier,
        timeout=environment.approval_timeout,
    )


def rule_for(change: Change, environment: Environment) -> Rule:
    """The rule of a change: of an emergency the sign-off's, whatever its risk."""
    if change.path is not Path.EMERGENCY:
        return rule_of(environment, change.request.risk_assessment)
    rules = environment.emergency
    return Rule(count=rules.sign_offs, seniors_only=True, timeout=rules.timeout)


class Electorate(BaseModel):
    """Who may say yes to one change, as everything outside knows them at one moment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: Environment
    voters: frozenset[str] | None
    """Slack ids of those with a right of their own; None: every full member of the workspace."""
    named: str
    """How the card calls the voters, as mrkdwn: `@platform-seniors`."""
    persons: dict[str, Person] = {}
    """Everybody who plays a part: listed voters, delegates, those who said yes, known authors."""
    logins: dict[str, frozenset[str]] = {}
    """GitHub logins by Slack id, in lower case, of everybody whose login is known."""
    delegations: tuple[Delegation, ...] = ()
    """Those that were made and not taken back; some may be over."""

    @property
    def is_listed(self) -> bool:
        """Whether it is known of everybody with a right who they are."""
        return self.voters is not None and self.voters <= self.persons.keys()

    def knowing(self, person: Person) -> "Electorate":
        """The same with one more person."""
        return self.model_copy(update={"persons": {**self.persons, person.id: person}})

    def has_right(self, user: str) -> bool:
        """Whether this person has a voice of their own."""
        person = self.persons.get(user)
        listed = self.voters is None or user in self.voters
        return person is not None and counts(person) and listed

    def lent(self, user: str) -> Delegation | None:
        """The latest delegation to this person by somebody with a right, running or over."""
        lent = [one for one in self.delegations if one.delegate == user]
        rightful = [one for one in lent if self.has_right(one.senior)]
        return max(rightful, key=lambda one: one.until, default=None)

    def voice(self, user: str, now: datetime) -> str:
        """Whose voice this person has now: their own, a senior's, or none (empty)."""
        if self.has_right(user):
            return user
        person, lent = self.persons.get(user), self.lent(user)
        if lent is None or person is None or not counts(person):
            return ""
        return lent.senior if lent.since <= now < lent.until else ""

    def is_by(self, author: Author, user: str) -> bool:
        """Whether an author is this person, by Slack user id, GitHub login or e-mail."""
        if author.user:
            return author.user == user
        person = self.persons.get(user)
        email = person.email.lower() if person else ""
        same_login = author.login.lower() in self.logins.get(user, frozenset())
        return same_login or (bool(email) and author.email.lower() == email)

    def is_unknown(self, author: Author) -> bool:
        """Whether an author may be anybody. An app's account is nobody's."""
        if author.user or author.login.endswith("[bot]"):
            return False
        return not any(self.is_by(author, user) for user in {*self.persons, *self.logins})


@dataclass(frozen=True)
class Standing:
    """How far a change is approved."""

    counted: tuple[Approval, ...]
    missing: int


def standing(change: Change, electorate: Electorate) -> Standing:
    """The approvals that count: of what the plan says now, in time, by people who are entitled
    still, one a voice. A delegate's yes outlives the delegation under which it was given. Of a
    rollback that was approved with its original none is missing."""
    plan, expiry = change.progress.plan, expires_at(change, electorate.environment)
    counted: list[Approval] = []
    spent: set[str] = set()
    for approval in change.progress.approvals:
        voice = voice_of(approval)
        person = electorate.persons.get(approval.user)
        if (
            plan is not None
            and approval.digest == plan.digest
            and (expiry is None or approval.at < expiry)
            and person is not None
            and counts(person)
            and electorate.has_right(voice)
            and not any(hand_in(user, change, electorate) for user in (voice, approval.user))
            and not spent & {voice, approval.user}
        ):
            counted.append(approval)
            spent |= {voice, approval.user}
    needed = rule_for(change, electorate.environment).count
    if change.progress.review is not None and change.progress.review.approved_with is not None:
        needed = 0
    return Standing(counted=tuple(counted), missing=max(0, needed - len(counted)))


def met(change: Change, electorate: Electorate) -> bool:
    """Whether nobody's yes is missing any more."""
    return standing(change, electorate).missing == 0


def voice_of(approval: Approval) -> str:
    """Whose voice was used."""
    return approval.behalf or approval.user


def expires_at(change: Change, environment: Environment) -> datetime | None:
    """Until when approvals are taken; None while nobody was asked."""
    review = change.progress.review
    asked = asked_at(change) if change.path is Path.EMERGENCY else review and review.asked_at
    return asked + rule_for(change, environment).timeout if asked else None


def hand_in(user: str, change: Change, electorate: Electorate) -> str:
    """What part this person had, or may have had, in what is to be approved: `requested it`.
    Empty when they come to it with fresh eyes."""
    if user == change.requester:
        return "requested it"
    for author in authors_of(change):
        if electorate.is_by(author, user):
            if author.requested:
                return f"requested {author.requested}, which is part of it"
            commit = f"commit {code(author.commit[:_SHOWN_SHA])}" if author.commit else "a commit"
            return f"wrote {commit} in it"
    return "may have written a commit in it" if _doubtful(user, change, electorate) else ""


def _doubtful(user: str, change: Change, electorate: Electorate) -> Author | None:
    """An author whom nobody knows, and who may be this person: their login is not known either."""
    if user in electorate.logins:
        return None
    return next((one for one in authors_of(change) if electorate.is_unknown(one)), None)


def authors_of(change: Change) -> tuple[Author, ...]:
    """Everybody with a hand in what is to be approved: in the pull request as it was reviewed last,
    and in what the request's manifest was read from. Where that is the same, who wrote its commits
    is what the review says."""
    request, review = change.request, change.progress.review
    if review is None:
        return request.manifest_authors
    if request.named_pull_request is not None:
        asked = tuple(one for one in request.manifest_authors if one.requested)
        return (*asked, *review.authors)
    return (*request.manifest_authors, *review.authors)


def why_not(person: Person, change: Change, electorate: Electorate, now: datetime) -> str:
    """Why this person's yes would not count now, as a sentence; empty when it would."""
    if sentence := why_not_counted(person):
        return sentence
    electorate = electorate.knowing(person)
    if part := hand_in(person.id, change, electorate):
        return f"You {part}. {_way_out(person.id, change, electorate)}".strip()
    voice = electorate.voice(person.id, now)
    if not voice:
        return _why_no_voice(person.id, electorate)
    if voice != person.id and (part := hand_in(voice, change, electorate)):
        return f"You speak for {mention(voice)}, who {part}."
    if sentence := _why_spent(person.id, voice, change, electorate):
        return sentence
    expiry = expires_at(change, electorate.environment)
    if change.state is State.AWAITING_APPROVAL and expiry is not None and expiry <= now:
        return f"Approvals were taken until {moment(expiry)}. It has to be requested anew."
    return ""


def why_not_reject(person: Person, change: Change, electorate: Electorate, now: datetime) -> str:
    """Why this person cannot say no, as a sentence; empty when they can. Whoever could say yes
    can, also somebody with a hand in it: stopping needs no fresh eyes."""
    if sentence := why_not_counted(person):
        return sentence
    if person.id == change.requester:
        return "You requested it: cancel it instead."
    electorate = electorate.knowing(person)
    return "" if electorate.voice(person.id, now) else _why_no_voice(person.id, electorate)


def able(change: Change, electorate: Electorate, now: datetime) -> list[str]:
    """Those whose yes would count now, as far as they are known."""
    delegates = {lent.delegate for lent in electorate.delegations}
    return [
        user
        for user in sorted(delegates.union(electorate.voters or electorate.persons))
        if (person := electorate.persons.get(user)) and not why_not(person, change, electorate, now)
    ]


def _way_out(user: str, change: Change, electorate: Electorate) -> str:
    """What helps somebody who only may be an author."""
    author = _doubtful(user, change, electorate)
    certain = user == change.requester or any(
        electorate.is_by(one, user) for one in authors_of(change)
    )
    if author is None or certain:
        return ""
    return (
        f"Redlight knows neither who {code(author.login or author.email, _SHOWN_NAME)} is nor "
        "what your GitHub login is: a platform owner names it under [github_logins] in "
        "redlight.toml."
    )


def _why_no_voice(user: str, electorate: Electorate) -> str:
    if lent := electorate.lent(user):
        return (
            f"You spoke for {mention(lent.senior)} until {moment(lent.until)}, and that is over. "
            f"{mention(lent.senior)} can delegate to you again."
        )
    return f"It needs {electorate.named}, and you are not among them."


def _why_spent(user: str, voice: str, change: Change, electorate: Electorate) -> str:
    for approval in standing(change, electorate).counted:
        if approval.user == user:
            return "You have said yes to this already."
        if voice_of(approval) == voice == user:
            return f"{mention(approval.user)} has said yes for you already: that is one voice."
        if voice_of(approval) == voice:
            said = f"{mention(approval.user)} has said yes already"
            return f"You speak for {mention(voice)}, and {said}: that is one voice."
    return ""
