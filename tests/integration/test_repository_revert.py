"""What Git is asked to write to take a merged change back, over a real repository and the real
kustomize: later changes stay, and what cannot be told apart is refused."""

from typing import Any
from uuid import uuid4

import pytest
from github import InputGitTreeElement

from chatbot.adapters.kubectl import KubectlKustomize
from chatbot.domain.errors import Conflict, Permanent
from chatbot.services.repository import ClusterRepository
from tests.support.forge import SENIOR, ForgeProcess
from tests.support.forge_work import commit_files
from tests.support.github_host import github_host

TEST = "environments/test"
WEB, CONFIG, API, ROOT = (
    f"{TEST}/shop-test/web.yaml",
    f"{TEST}/shop-test/web-config.yaml",
    f"{TEST}/shop-test/api.yaml",
    f"{TEST}/kustomization.yaml",
)
CACHE = f"{TEST}/shop-test/configmap-cache.yaml"
CACHE_MAP = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cache\n  namespace: shop-test\n"
    'data:\n  SIZE: "1"\n'
)
TWO, FIVE = "replicas: 2  # two", "replicas: 5  # two"


class History:
    """A branch of a test's own, on which changes are merged one after the other."""

    def __init__(self, forge: ForgeProcess) -> None:
        self.repo: Any = forge.github(SENIOR).get_repo(forge.repo)
        self.branch = f"base-{uuid4().hex[:8]}"
        self.head = self.repo.get_branch("main").commit.sha
        self.repository = ClusterRepository(github_host(forge), KubectlKustomize())

    def text(self, path: str, commit: str = "") -> str:
        content = self.repo.get_contents(path, ref=commit or self.head).decoded_content
        return str(content.decode())

    def change(self, files: dict[str, str | None]) -> tuple[str, str]:
        """A merged change; the commits before and after it."""
        before = self.head
        self.head = commit_files(self.repo, self.branch, files)
        return before, self.head

    def edit(self, path: str, old: str, new: str) -> tuple[str, str]:
        text = self.text(path)
        assert old in text
        return self.change({path: text.replace(old, new)})

    def new_object(self, path: str = CACHE, text: str = CACHE_MAP) -> tuple[str, str]:
        name = path.removeprefix(f"{TEST}/")
        return self.change({path: text, ROOT: f"{self.text(ROOT)}  - {name}\n"})

    def taken_back(self, change: tuple[str, str]) -> dict[str, str | None]:
        return self.repository.reverted(*change, self.head, TEST)


@pytest.fixture
def history(shared_forge: ForgeProcess) -> History:
    return History(shared_forge)


def test_a_scale_goes_back_to_the_very_text_that_was_there(history: History) -> None:
    before = history.text(WEB)
    assert history.taken_back(history.edit(WEB, TWO, FIVE)) == {WEB: before}


def test_later_changes_of_the_same_file_and_of_others_stay(history: History) -> None:
    scaled = history.edit(WEB, TWO, FIVE)
    history.edit(WEB, "web:1.8.2", "web:1.8.3")
    history.edit(CONFIG, "LOG_LEVEL: info", "LOG_LEVEL: debug")
    now = history.text(WEB)
    assert history.taken_back(scaled) == {WEB: now.replace(FIVE, TWO)}


def test_a_later_change_of_the_same_line_is_refused_by_file_and_line(history: History) -> None:
    scaled = history.edit(WEB, TWO, FIVE)
    history.edit(WEB, FIVE, FIVE.replace("5", "8"))
    with pytest.raises(Conflict, match=r"environments/test/shop-test/web\.yaml line 9\.") as error:
        history.taken_back(scaled)
    assert "manifest_ref" in error.value.remedy


def test_a_new_object_goes_with_its_entry_and_the_next_one_stays(history: History) -> None:
    folder = history.text(ROOT)
    made = history.new_object()
    assert history.taken_back(made) == {CACHE: None, ROOT: folder}
    later = CACHE.replace("cache", "later")
    history.new_object(later, CACHE_MAP.replace("cache", "later"))
    entry = f"  - {later.removeprefix(f'{TEST}/')}\n"
    assert history.taken_back(made) == {CACHE: None, ROOT: folder + entry}


def test_a_deleted_object_comes_back_with_its_entry(history: History) -> None:
    folder, api = history.text(ROOT), history.text(API)
    gone = history.change({API: None, ROOT: folder.replace("  - shop-test/api.yaml\n", "")})
    assert history.taken_back(gone) == {API: api, ROOT: folder}


def test_records_of_changes_are_history_and_stay(history: History) -> None:
    before, _ = history.edit(WEB, TWO, FIVE)
    recorded = history.change({"mcp-ocs/changes/CHG-12.yaml": "change: CHG-12\n"})[1]
    assert set(history.taken_back((before, recorded))) == {WEB}


def test_what_somebody_took_back_already_needs_nothing(history: History) -> None:
    scaled = history.edit(WEB, TWO, FIVE)
    history.edit(WEB, FIVE, TWO)
    assert history.taken_back(scaled) == {}


def test_a_new_object_that_was_changed_since_is_not_deleted(history: History) -> None:
    made = history.new_object()
    history.edit(CACHE, 'SIZE: "1"', 'SIZE: "2"')
    with pytest.raises(Conflict, match=r"configmap-cache\.yaml\."):
        history.taken_back(made)


def test_a_base_outside_the_folder_goes_back_too(history: History) -> None:
    base = "bases/cache/kustomization.yaml"
    folder = history.text(ROOT)
    made = history.change(
        {
            base: "resources: [cache.yaml]\n",
            "bases/cache/cache.yaml": CACHE_MAP,
            ROOT: f"{folder}  - ../../bases/cache\n",
        }
    )
    grown = history.edit("bases/cache/cache.yaml", '"1"', '"2"')
    assert history.taken_back(grown) == {"bases/cache/cache.yaml": CACHE_MAP}
    history.change(dict(history.taken_back(grown)))
    assert history.taken_back(made) == {base: None, "bases/cache/cache.yaml": None, ROOT: folder}


def test_lines_that_come_back_where_they_mean_something_else_are_refused(
    history: History,
) -> None:
    """A line is gone; meanwhile what stood around it became another map."""
    text = CACHE_MAP + "  LEVEL: info\n"
    history.new_object(CACHE, text)
    removed = history.edit(CACHE, "  LEVEL: info\n", "")
    history.edit(CACHE, 'data:\n  SIZE: "1"\n', 'data:\n  SIZE: "1"\nbinaryData:\n  X: AAAA\n')
    with pytest.raises(Conflict):
        history.taken_back(removed)


def test_an_object_that_is_defined_elsewhere_by_now_is_not_defined_twice(
    history: History,
) -> None:
    folder = f"{TEST}/plain"
    history.change({f"{folder}/a.yaml": CACHE_MAP, f"{folder}/b.yaml": "# empty\n"})
    gone = history.change({f"{folder}/a.yaml": None})
    history.change({f"{folder}/b.yaml": CACHE_MAP})
    with pytest.raises(Conflict, match="configmap/cache in shop-test would not be as it should"):
        history.repository.reverted(*gone, history.head, folder)


def test_what_would_not_be_yaml_any_more_is_refused(history: History) -> None:
    root = "resources:\n"
    folder = f"{TEST}/nested"
    history.change({f"{folder}/kustomization.yaml": "namespace: shop-test\n"})
    made = history.change(
        {
            f"{folder}/kustomization.yaml": f"namespace: shop-test\n{root}- a.yaml\n",
            f"{folder}/a.yaml": CACHE_MAP,
        }
    )
    history.change(
        {
            f"{folder}/kustomization.yaml": f"namespace: shop-test\n{root}- a.yaml\n- b.yaml\n",
            f"{folder}/b.yaml": CACHE_MAP.replace("cache", "other"),
        }
    )
    with pytest.raises(Conflict, match="could not be read"):
        history.repository.reverted(*made, history.head, folder)


def test_what_is_no_text_is_refused(history: History) -> None:
    blob = history.repo.create_git_blob("/9j/4AAQ", "base64")
    head = history.repo.get_git_commit(history.head)
    path = f"{TEST}/logo.jpg"
    tree = history.repo.create_git_tree(
        [InputGitTreeElement(path, "100644", "blob", sha=blob.sha)], head.tree
    )
    drawn = history.repo.create_git_commit("A picture", tree, [head]).sha
    with pytest.raises(Permanent, match=r"logo\.jpg is no text") as refused:
        history.repository.reverted(history.head, drawn, drawn, TEST)
    assert "manifest_ref" in refused.value.remedy
