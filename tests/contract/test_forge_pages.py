"""The forge's web pages: a newcomer reads and merges there, and nobody else can make them."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import quote

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


WEB = "environments/prod/shop-prod/web.yaml"


def _commit(forge: ForgeProcess, ref: str, branch: str, old: str, new: str) -> requests.Response:
    """Open the editor of a file, change it as a browser would, and commit it to a branch."""
    url = f"{forge.url}/{REPO}/edit/{quote(ref, safe='')}/{WEB}"
    page = requests.get(url, timeout=10).text
    shown = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    head = re.search(r'name="head" value="(\w+)"', page)
    assert shown, page
    assert head, page
    text = unescape(shown[1]).replace(old, new).replace("\n", "\r\n")
    fields = {"as": "octo-requester", "head": head[1], "branch": branch, "text": text}
    return requests.post(url, data=fields, headers={"Origin": forge.url}, timeout=10)


def test_a_person_edits_a_file_on_a_new_branch_and_then_in_its_pull_request(
    forge: ForgeProcess,
) -> None:
    repo = forge.github().get_repo(REPO)
    page = requests.get(f"{forge.url}/{REPO}/blob/main/{WEB}", timeout=10).text
    assert f"/{REPO}/edit/main/{WEB}" in page
    assert "Committed to edit/one." in _commit(forge, "main", "edit/one", ":1.8.2", ":9").text
    pull = repo.create_pull("main", "edit/one", title="Edited", body="")
    assert f"/{REPO}/edit/edit%2Fone/{WEB}" in requests.get(pull.html_url, timeout=10).text
    answer = _commit(forge, "edit/one", "edit/one", "shop/web:9", "shop/web:10")
    assert answer.url.startswith(pull.html_url)

    [file] = pull.get_files()
    assert (file.filename, file.additions, file.deletions) == (WEB, 1, 1)
    assert '+          image: "registry.example.com/shop/web:10"' in file.patch
    assert {commit.author.login for commit in pull.get_commits()} == {"octo-requester"}


def test_an_edit_that_changes_nothing_or_comes_too_late_is_refused(forge: ForgeProcess) -> None:
    repo = forge.github().get_repo(REPO)
    assert _commit(forge, "main", "edit/two", "x", "x").status_code == 422
    main = repo.get_branch("main").commit.sha
    assert _commit(forge, "main", "edit/three", ":1.8.2", ":9").status_code == 200
    late = _commit(forge, "main", "edit/three", ":1.8.2", ":10")
    assert (late.status_code, "does not match" in late.text) == (409, True)
    assert _commit(forge, "main", "a branch", ":1.8.2", ":9").status_code == 422
    assert repo.get_branch("main").commit.sha == main
