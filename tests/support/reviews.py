"""Reviews of the pull request of CHG-12, passed and denied, and the longest there can be."""

from typing import Any

from chatbot.domain.enforcement import Enforcement
from chatbot.domain.review import Finding, Review
from tests.support.builders import NOW

DENY, WARN, NOTE = Enforcement.DENY, Enforcement.WARN, Enforcement.DRYRUN
LATEST = "the image registry.example.com/shop/web:latest has the tag latest; pin a version"


def finding(
    enforcement: Enforcement = DENY,
    policy: str = "images",
    object_: str = "deployment/web in shop",
    message: str = LATEST,
) -> Finding:
    return Finding(policy=policy, object=object_, message=message, enforcement=enforcement)


def review(*findings: Finding, **fields: Any) -> Review:
    """Of fourteen objects, at a head of its own."""
    defaults: dict[str, Any] = {
        "head_sha": "3f2a91c" + "0" * 33,
        "base_sha": "b" * 40,
        "policy_revision": "c0ffee1" + "0" * 57,
        "objects": 14,
        "findings": findings,
        "asked_at": NOW,
    }
    return Review(**{**defaults, **fields})


UNPROTECTED = finding(
    WARN, "disruption", "deployment/checkout in shop", "no PodDisruptionBudget for checkout"
)
OLD = finding(WARN, message=f"{LATEST}; it was there before this change")
TOO_MUCH = finding(DENY, "quota", "", "quota compute in shop: needs 14 of 12 cpu; 2 too many")
QUOTA = ("Quota compute in shop: 9.5 of 12 cpu after this",)
PASSED = review(quota=QUOTA)
WARNED = review(UNPROTECTED, finding(NOTE, "labels", message="no owner"), quota=QUOTA)
DENIED = review(finding(), TOO_MUCH, UNPROTECTED)


def longest(text: str) -> Review:
    """As many findings as one can imagine, every text of them the same."""
    each = (finding(kind, text, text, text) for kind in Enforcement for _ in range(70))
    return review(*each, quota=(text,) * 50)
