"""What each section of `redlight.toml` may say alone but not beside the others."""

from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations

from chatbot.domain.change import Path
from chatbot.domain.environment import Environment
from chatbot.settings.rules import Rules
from chatbot.settings.toml_lines import KeyPath


@dataclass(frozen=True)
class Problem:
    """Something in the file that cannot stand: where, and a sentence that follows the key."""

    path: KeyPath
    sentence: str


def contradictions(rules: Rules) -> list[Problem]:
    """Settings that are fine one by one and cannot hold together."""
    return [
        *_unknown_environments(rules),
        *_two_ways_at_once(rules),
        *_nobody_to_approve(rules),
        *_shared_folders(rules),
        *_promotions(rules),
    ]


def did_you_mean(word: str, known: list[str]) -> str:
    """A tail for a message: the nearest known word, or all of them."""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"


def shared_ground(environments: dict[str, Environment]) -> list[str]:
    """Warnings: pairs of environments on one cluster of which at least one claims every
    namespace, so that a change meant for one can reach the other's objects."""
    return [
        f"environments.{first.name} and environments.{second.name} share the kubeconfig context "
        f"{first.context or '(current)'}; list each one's namespaces, or a change to one can "
        "reach the other's objects"
        for first, second in combinations(environments.values(), 2)
        if first.context == second.context and not (first.namespaces and second.namespaces)
    ]


def _unknown_environments(rules: Rules) -> list[Problem]:
    known = list(rules.environments)
    return [
        Problem(
            ("freezes", number, "environments", position),
            f"names {name}, and there is no [environments.{name}] section; "
            f"{did_you_mean(name, known)}",
        )
        for number, freeze in enumerate(rules.freezes)
        for position, name in enumerate(freeze.environments)
        if name not in rules.environments
    ]


def _two_ways_at_once(rules: Rules) -> list[Problem]:
    problems = []
    for name, environment in rules.environments.items():
        effective = environment.class_rules()
        if effective.auto_apply and effective.gitops_required:
            said = "auto_apply" if environment.auto_apply is not None else "gitops_required"
            problems.append(
                Problem(
                    ("environments", name, said),
                    "contradicts itself: auto_apply and gitops_required are both true "
                    f"(class {environment.class_} sets the one that is not written here); "
                    "set the other to false",
                )
            )
    return problems


def _nobody_to_approve(rules: Rules) -> list[Problem]:
    waiting = [
        name
        for name, environment in rules.environments.items()
        if environment.class_rules().requires_senior_approval
    ]
    if rules.people.seniors or not waiting:
        return []
    return [
        Problem(
            ("people", "seniors"),
            f"is empty, but {', '.join(waiting)} requires a senior's approval: "
            "nobody could give it",
        )
    ]


def _shared_folders(rules: Rules) -> list[Problem]:
    folders = {name: rules.environments[name].resolve(name).path for name in rules.environments}
    return [
        Problem(
            ("environments", second, "path"),
            f"({folders[second]}) overlaps with environments.{first}.path ({folders[first]}); "
            "each environment needs a folder of its own",
        )
        for first, second in combinations(folders, 2)
        if f"{folders[first]}/".startswith(f"{folders[second]}/")
        or f"{folders[second]}/".startswith(f"{folders[first]}/")
    ]


def _promotions(rules: Rules) -> list[Problem]:
    known = list(rules.environments)
    problems = []
    for name, environment in rules.environments.items():
        source = environment.promoted_from
        if not source:
            continue
        if source not in rules.environments:
            sentence = (
                f"names {source}, and there is no [environments.{source}] section; "
                f"{did_you_mean(source, known)}"
            )
        elif direct := [one for one in (source, name) if not _is_gitops(rules, one)]:
            sentence = (
                f"({source}) needs a pull request in both, and {direct[0]} applies directly; "
                "only what was reviewed can be compared"
            )
        elif name in _promoted_through(rules, name):
            sentence = f"({source}) leads back to {name}: nothing could ever be the first"
        else:
            continue
        problems.append(Problem(("environments", name, "promoted_from"), sentence))
    return problems


def _is_gitops(rules: Rules, name: str) -> bool:
    return rules.environments[name].resolve(name).request_path is Path.GITOPS


def _promoted_through(rules: Rules, name: str) -> list[str]:
    """The environments that a change must have been through before this one."""
    through: list[str] = []
    while (name := rules.environments[name].promoted_from) in rules.environments:
        if name in through:
            break
        through.append(name)
    return through
