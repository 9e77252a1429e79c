"""The sandbox's Jira shows what Redlight writes as a person expects it."""

from sandbox.jira.pages import rendered


def test_headings_quotes_lists_and_code_are_shown_as_such() -> None:
    wiki = "h3. Why\n\nbq. It is <down>.\n\nh3. Past\n\n* a\n* b\n\n"
    code = "{noformat}\n-  x: 1\n+  x: 2\n{noformat}"
    assert rendered(wiki + code) == (
        "<h3>Why</h3><blockquote>It is &lt;down&gt;.</blockquote><h3>Past</h3>"
        "<li>a</li><li>b</li><pre>-  x: 1\n+  x: 2\n</pre>"
    )
