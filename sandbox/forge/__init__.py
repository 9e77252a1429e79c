"""A small GitHub for try-out and tests: the REST calls PyGithub makes, over a real bare repository.

Run `python -m sandbox.forge --port 0 --dir DIR`, or in a program:

    with start(Forge(Config(directory))) as running:
        github.Github(base_url=running.url, auth=github.Auth.Token("sandbox-bot-token"))
"""

from sandbox.forge.core import DEFAULT_TOKENS, AppConfig, Config, Forge
from sandbox.forge.runner import Running, run, serve, start

__all__ = ["DEFAULT_TOKENS", "AppConfig", "Config", "Forge", "Running", "run", "serve", "start"]
