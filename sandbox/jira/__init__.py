"""A Jira of one project, Cloud or Data Center, over the REST calls that the `jira` client makes.

    python -m sandbox.jira --port 8067 [--cloud]

In memory: what was filed is gone with the program. `/browse/INC-1` shows an issue to people;
`POST /_jira/fault` brings bad weather, `GET /_jira/calls` tells what was called, `POST
/_jira/reset` empties it.
"""

USER = "redlight@example.com"
TOKEN = "sandbox-jira-token"
PROJECT = "INC"
