"""The directory: kept in step, and never anybody else's."""

from pathlib import Path

import pytest

from engine.errors import StorageError
from studio.web.export_directory import MARK, ChangeCounts, ExportDirectory


def fill(directory: Path, **files: str) -> ChangeCounts:
    target = ExportDirectory(directory)
    target.open()
    paths = {name.replace("_", "."): content for name, content in files.items()}
    target.announce(paths)
    for path, content in paths.items():
        target.put(path, content.encode())
    return target.finish()


def test_only_what_changed_is_written_and_what_is_gone_is_removed(tmp_path: Path) -> None:
    assert fill(tmp_path, a_html="a", b_html="b", c_html="c") == ChangeCounts(written=3, unchanged=0, removed=0)
    before = (tmp_path / "a.html").stat().st_mtime_ns
    assert fill(tmp_path, a_html="a", b_html="changed") == ChangeCounts(written=1, unchanged=1, removed=1)
    assert (tmp_path / "a.html").stat().st_mtime_ns == before
    assert {path.name for path in tmp_path.iterdir()} == {"a.html", "b.html", MARK}


def test_a_directory_that_holds_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StorageError, match="is not empty"):
        ExportDirectory(tmp_path).open()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_others_put_beside_the_gallery_stays(tmp_path: Path) -> None:
    fill(tmp_path, a_html="a")
    (tmp_path / "robots.txt").write_text("Disallow: /")
    fill(tmp_path, b_html="b")
    assert (tmp_path / "robots.txt").exists() and not (tmp_path / "a.html").exists()


@pytest.mark.parametrize("name", ["../precious.html", "/etc/hosts", "a/../../b.html", "pictures/x.exe", "a/b/c.html"])
def test_a_mark_that_names_files_elsewhere_is_not_believed(tmp_path: Path, name: str) -> None:
    precious = tmp_path / "precious.html"
    precious.write_text("keep me")
    web = tmp_path / "web"
    web.mkdir()
    (web / MARK).write_text(f'{{"version": 1, "files": {{"{name}": ""}}}}')
    with pytest.raises(StorageError, match="is no file of a gallery"):
        ExportDirectory(web).open()
    assert precious.read_text() == "keep me"


def test_a_mark_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / MARK).write_text("not json")
    with pytest.raises(StorageError, match="cannot be read"):
        ExportDirectory(tmp_path).open()


def test_an_export_that_was_interrupted_leaves_nothing_unknown(tmp_path: Path) -> None:
    interrupted = ExportDirectory(tmp_path)
    interrupted.open()
    interrupted.announce(["a.html", "b.html"])
    interrupted.put("a.html", b"a")
    (tmp_path / "b.html.partial").write_text("half of")
    assert fill(tmp_path, c_html="c") == ChangeCounts(written=1, unchanged=0, removed=1)
    assert {path.name for path in tmp_path.iterdir()} == {"c.html", MARK}


def test_a_picture_is_made_again_only_from_another_source(tmp_path: Path) -> None:
    made: list[str] = []

    def make(stamp: str) -> None:
        target = ExportDirectory(tmp_path)
        target.open()
        target.make("still.webp", stamp, lambda: made.append(stamp) or stamp.encode())
        target.finish()

    for stamp in ("one", "one", "two"):
        make(stamp)
    assert made == ["one", "two"]
    (tmp_path / "still.webp").unlink()
    make("two")
    assert made == ["one", "two", "two"]


def test_a_file_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "web").write_text("a file")
    with pytest.raises(StorageError, match="cannot be used"):
        ExportDirectory(tmp_path / "web").open()
