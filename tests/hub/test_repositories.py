"""The loopback Hub behaves as the Hub does, in the eyes of huggingface_hub itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    ModelCard,
    hf_hub_download,
    metadata_update,
    snapshot_download,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.hub.hub import READ_TOKEN, LoopbackHub

LARGE = bytes(range(256)) * 400


def test_a_folder_with_regular_and_large_files_comes_back_as_it_went(hub: LoopbackHub, tmp_path: Path) -> None:
    api = HfApi(endpoint=hub.url)
    url = api.create_repo("ada/penguins", private=True)
    assert (url.repo_id, url.repo_type) == ("ada/penguins", "model")
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "README.md").write_text("---\nlicense: mit\ntags: [tabular]\n---\nPenguins.\n")
    (tmp_path / "out" / "deep" / "model.safetensors").write_bytes(LARGE)
    done = api.upload_folder(repo_id="ada/penguins", folder_path=tmp_path / "out", commit_message="Model and card")

    facts = api.model_info("ada/penguins", files_metadata=True)
    assert facts.sha == done.oid
    assert facts.private
    assert {"license:mit", "tabular", "safetensors"} <= set(facts.tags or [])
    large = next(each for each in facts.siblings or [] if each.rfilename.endswith(".safetensors"))
    assert large.size == len(LARGE)
    assert large.lfs
    folder = Path(snapshot_download("ada/penguins", local_dir=tmp_path / "back"))
    assert (folder / "deep" / "model.safetensors").read_bytes() == LARGE
    assert (folder / "README.md").read_text().endswith("Penguins.\n")
    assert [each.title for each in api.list_repo_commits("ada/penguins")] == ["Model and card", "initial commit"]
    assert {each.path for each in api.list_repo_tree("ada/penguins")} == {".gitattributes", "README.md", "deep"}


def test_large_files_come_from_another_host_that_never_sees_the_token(hub: LoopbackHub) -> None:
    hub.add_repo("dataset", "lab/rows", {"data/train.parquet": LARGE})
    path = hf_hub_download("lab/rows", "data/train.parquet", repo_type="dataset")
    assert Path(path).read_bytes() == LARGE
    assert any("authorization" in each.headers for each in hub.server.requests)
    assert hub.cdn.requests
    assert not any("authorization" in each.headers for each in hub.cdn.requests)


def test_a_large_upload_goes_in_parts_and_what_arrived_is_not_sent_again(hub: LoopbackHub) -> None:
    api = HfApi(endpoint=hub.url)
    api.create_repo("ada/parts")
    hub.part_bytes = 40_000
    first = CommitOperationAdd("weights.bin", LARGE)
    api.preupload_lfs_files("ada/parts", [first])
    sent = len(hub.asked("/", "PUT"))
    assert sent == 3
    # As after an interruption: the same content is told anew, and the Hub has it.
    api.create_commit("ada/parts", [CommitOperationAdd("weights.bin", LARGE)], commit_message="Weights")
    assert len(hub.asked("/", "PUT")) == sent
    assert hub.large.read(hub.repo("model", "ada/parts").head.files["weights.bin"]) == LARGE


def test_a_commit_on_an_outdated_parent_is_turned_down(hub: LoopbackHub) -> None:
    api = HfApi(endpoint=hub.url)
    hub.add_repo("model", "ada/old", {"a.txt": "1"})
    before = api.model_info("ada/old").sha
    api.create_commit("ada/old", [CommitOperationDelete("a.txt")], commit_message="Remove", parent_commit=before)
    with pytest.raises(HfHubHTTPError) as caught:
        api.create_commit("ada/old", [CommitOperationAdd("b.txt", b"2")], commit_message="Add", parent_commit=before)
    assert caught.value.response.status_code == 412


def test_branches_tags_and_pull_requests(hub: LoopbackHub) -> None:
    api = HfApi(endpoint=hub.url)
    hub.add_repo("model", "ada/refs", {"a.txt": "1"})
    api.create_tag("ada/refs", tag="v1")
    api.create_branch("ada/refs", branch="try/it")
    api.upload_file(repo_id="ada/refs", path_or_fileobj=b"2", path_in_repo="a.txt", revision="try/it")
    pull = api.upload_file(repo_id="ada/refs", path_or_fileobj=b"3", path_in_repo="a.txt", create_pr=True)
    assert (pull.pr_url or "").endswith("/discussions/1")
    read = {
        revision: Path(hf_hub_download("ada/refs", "a.txt", revision=revision)).read_text()
        for revision in ("main", "v1", "try/it", "refs/pr/1")
    }
    assert read == {"main": "1", "v1": "1", "try/it": "2", "refs/pr/1": "3"}
    assert {each.name for each in api.list_repo_refs("ada/refs").branches} == {"main", "try/it"}
    with pytest.raises(HfHubHTTPError):
        api.create_tag("ada/refs", tag="v1")


def test_what_is_not_there_or_not_allowed_is_told_apart(hub: LoopbackHub) -> None:
    hub.add_repo("model", "lab/secret", {"a.txt": "1"}, private=True)
    hub.add_repo("model", "meta/gated", {"a.txt": "1"}, gated="manual")
    hub.add_repo("model", "meta/open", {"a.txt": "1"})
    for token in (False, READ_TOKEN):
        with pytest.raises(RepositoryNotFoundError):
            hf_hub_download("lab/secret", "a.txt", token=token)
        with pytest.raises(GatedRepoError):
            hf_hub_download("meta/gated", "a.txt", token=token)
    assert HfApi(endpoint=hub.url, token=False).model_info("meta/gated").gated == "manual"
    hub.repo("model", "meta/gated").granted.add("bob")
    assert hf_hub_download("meta/gated", "a.txt", token=READ_TOKEN)
    with pytest.raises(EntryNotFoundError):
        hf_hub_download("meta/open", "b.txt")
    with pytest.raises(RevisionNotFoundError):
        hf_hub_download("meta/open", "a.txt", revision="v9")
    with pytest.raises(HfHubHTTPError) as caught:
        HfApi(endpoint=hub.url, token=READ_TOKEN).upload_file(
            repo_id="meta/open", path_or_fileobj=b"2", path_in_repo="a.txt"
        )
    assert caught.value.response.status_code == 403
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        HfApi(endpoint=hub.url, token="hf_" + "wrong" * 6).whoami()


def test_creating_twice_conflicts_unless_that_is_fine(hub: LoopbackHub) -> None:
    api = HfApi(endpoint=hub.url)
    api.create_repo("lab/twice", repo_type="dataset")
    assert api.create_repo("lab/twice", repo_type="dataset", exist_ok=True).repo_id == "lab/twice"
    with pytest.raises(HfHubHTTPError) as caught:
        api.create_repo("lab/twice", repo_type="dataset")
    assert caught.value.response.status_code == 409
    with pytest.raises(HfHubHTTPError) as caught:
        api.create_repo("elsewhere/mine")
    assert caught.value.response.status_code == 403
    api.delete_repo("lab/twice", repo_type="dataset")
    with pytest.raises(RepositoryNotFoundError):
        api.dataset_info("lab/twice")


def test_cards_are_read_checked_and_updated(hub: LoopbackHub) -> None:
    hub.add_repo("model", "ada/card", {"README.md": "---\nlicense: mit\n---\nSee https://arxiv.org/abs/1706.03762.\n"})
    metadata_update("ada/card", {"pipeline_tag": "tabular-classification"})
    facts = HfApi(endpoint=hub.url).model_info("ada/card")
    assert facts.pipeline_tag == "tabular-classification"
    assert "arxiv:1706.03762" in (facts.tags or [])
    card = ModelCard.load("ada/card")
    assert card.data.license == "mit"
    card.push_to_hub("ada/card")
    with pytest.raises(ValueError, match="license"):
        ModelCard("---\nlicense:\n  a: 1\n---\ntext").validate()


def test_search_filters_sorts_and_pages(hub: LoopbackHub) -> None:
    for number in range(5):
        hub.add_repo("model", f"lab/bert-{number}", {"README.md": "---\nlicense: mit\n---\n"}, downloads=number)
    hub.add_repo("model", "lab/bert-private", private=True)
    hub.add_repo("model", "lab/bert-other", {"README.md": "---\nlicense: gpl-3.0\n---\n"}, downloads=99)
    found = HfApi(endpoint=hub.url, token=False).list_models(
        search="bert", filter="license:mit", sort="downloads", limit=3
    )
    assert [each.id for each in found] == ["lab/bert-4", "lab/bert-3", "lab/bert-2"]
    pages = hub.server.router, [each.id for each in HfApi(endpoint=hub.url).list_models(search="bert")]
    assert "lab/bert-private" in pages[1]


def test_faults_strike_as_often_as_asked(hub: LoopbackHub) -> None:
    api = HfApi(endpoint=hub.url)
    hub.add_repo("model", "lab/flaky", {"weights.bin": LARGE})
    hub.fail("/api/models/lab/flaky", 429, headers={"Retry-After": "0"})
    with pytest.raises(HfHubHTTPError) as caught:
        api.model_info("lab/flaky")
    assert caught.value.response.status_code == 429
    assert api.model_info("lab/flaky").id == "lab/flaky"
    # A connection that is cut in the middle of a large file: the client goes on where it was.
    hub.fail("^/[0-9a-f]{64}", cut_after=1000)
    assert Path(hf_hub_download("lab/flaky", "weights.bin")).read_bytes() == LARGE
