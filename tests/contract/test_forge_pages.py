"""The forge's web pages: a newcomer reads and merges there, and nobody else can make them."""

from collections.abc import Iterator

import pytest
import requests

from tests.support.forge import REPO, ForgeProcess, running_forge
from tests.support.forge_work import open_pull

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeProcess]:
    with running_forge(tmp_path_factory.mktemp("forge")) as started:
        yield started


def _press(url: str, action: str, head: str, origin: str) -> requests.Response:
    fields = {"as": "octo-senior", "action": action, "head": head}
    return requests.post(url, data=fields, headers={"Origin": origin}, timeout=10)


def test_the_front_page_lists_pull_requests_and_files(forge: ForgeProcess) -> None:
    open_pull(forge.github().get_repo(REPO), "front/one", {"front": "1"}, title="Look at me")
    page = requests.get(forge.url, timeout=10).text
    assert "Look at me" in page
    assert "environments/" in page


def test_what_people_wrote_is_never_markup(forge: ForgeProcess) -> None:
    repo = forge.github().get_repo(REPO)
    pull = open_pull(repo, "evil/one", {"evil.html": EVIL}, title=f"Evil {EVIL}")
    pull.edit(body=EVIL)
    pull.create_issue_comment(EVIL)
    repo.get_commit(pull.head.sha).create_status("success", description=EVIL, context="x")
    for url in (pull.html_url, f"{pull.html_url}?said={EVIL}", forge.url):
        page = requests.get(url, timeout=10)
        assert page.status_code == 200
        assert EVIL not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]


def test_a_person_merges_with_a_button(forge: ForgeProcess) -> None:
    repo = forge.github().get_repo(REPO)
    pull = open_pull(repo, "button/one", {"button": "1"})
    done = _press(pull.html_url, "merge", pull.head.sha, forge.url)
    assert "Merged by octo-senior" in done.text
    assert repo.get_pull(pull.number).merged_by.login == "octo-senior"


def test_a_button_pressed_from_another_site_does_nothing(forge: ForgeProcess) -> None:
    repo = forge.github().get_repo(REPO)
    pull = open_pull(repo, "origin/one", {"origin": "1"})
    answer = _press(pull.html_url, "merge", pull.head.sha, "http://evil.example.com")
    assert answer.status_code == 403
    assert repo.get_pull(pull.number).state == "open"


def test_closing_approving_and_reopening_work_and_say_so(forge: ForgeProcess) -> None:
    repo = forge.github().get_repo(REPO)
    pull = open_pull(repo, "close/one", {"close": "1"})
    assert "Approved." in _press(pull.html_url, "approve", pull.head.sha, forge.url).text
    assert "Closed." in _press(pull.html_url, "close", pull.head.sha, forge.url).text
    assert "Reopened." in _press(pull.html_url, "reopen", pull.head.sha, forge.url).text
    assert repo.get_pull(pull.number).state == "open"


def test_the_links_of_the_api_lead_to_pages(forge: ForgeProcess) -> None:
    repo = forge.github().get_repo(REPO)
    pull = open_pull(repo, "links/one", {"links/a b.txt": "the text\n"})
    commit = repo.get_commit(pull.head.sha)
    assert "the text" in requests.get(commit.html_url, timeout=10).text
    [file] = pull.get_files()
    assert "the text" in requests.get(file.blob_url, timeout=10).text
    assert requests.get(file.raw_url, timeout=10).text == "the text\n"
    assert requests.get(pull.diff_url, timeout=10).text.startswith("diff --git")
    assert requests.get(f"{forge.url}/{REPO}/pull/999", timeout=10).status_code == 404


def test_what_people_wrote_is_drawn_as_markdown(forge: ForgeProcess) -> None:
    pull = open_pull(forge.github().get_repo(REPO), "markdown/one", {"markdown": "1"})
    pull.edit(body="### Why\n\n[more](javascript:alert(1))\n\n```diff\n-  old\n+  <new>\n```\n")
    page = requests.get(pull.html_url, timeout=10).text
    assert "<h3>Why</h3>" in page
    assert '<span class="plus">+  &lt;new&gt;</span>' in page
    assert 'href="javascript' not in page


def test_the_front_page_says_how_to_clone(forge: ForgeProcess) -> None:
    assert f"git clone {forge.url}/{REPO}.git" in requests.get(forge.url, timeout=10).text
