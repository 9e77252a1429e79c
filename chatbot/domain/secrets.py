"""What a credential looks like, so that one that strays into text is masked before it is kept."""

import re

MASK = "[secret]"

_TOKENS = re.compile(
    r"""
      -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?-----END[ ][A-Z ]*PRIVATE[ ]KEY-----  # PEM
    | \bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9%-]{4,}                # Slack bot, user, refresh
    | \bxapp-[A-Za-z0-9-]{4,}                                    # Slack app-level
    | \bgh[a-z]_[A-Za-z0-9]{4,} | \bgithub_pat_[A-Za-z0-9_]{4,}  # GitHub
    | \bATATT[A-Za-z0-9_=-]{8,}                                  # Atlassian Cloud
    | \bsha256~[A-Za-z0-9_-]{8,}                                 # OpenShift
    | \beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+        # JSON web token
    | (?<=Bearer[ ])[A-Za-z0-9._~+/=-]+ | (?<=Basic[ ])[A-Za-z0-9+/=]{8,}
    | (?<=://)[^\s/@"'\\]+:[^\s/@"'\\]+(?=@)                     # user:password@ in a URL
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


def mask_tokens(text: str) -> str:
    """`text` with everything that looks like a token, key or password replaced by `MASK`."""
    return _TOKENS.sub(MASK, text)
