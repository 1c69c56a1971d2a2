"""The vendored browser libraries are byte for byte what their VENDOR.toml says."""

from pathlib import Path

import pytest

from tools.vendor import MANIFEST, Vendored, manifests, problems, read_manifest


@pytest.mark.parametrize("manifest", manifests(), ids=str)
def test_vendored_files_have_the_recorded_checksums(manifest: Path) -> None:
    assert list(problems(manifest)) == []


def test_chat_page_and_web_app_keep_their_libraries_in_vendor_directories() -> None:
    directories = {manifest.parent.parent.name for manifest in manifests()}
    assert {"chat", "static"} <= directories


def _write(directory: Path, *, sha256: str) -> Path:
    manifest = directory / MANIFEST
    row = f'name = "a"\nversion = "1"\npath = "a.js"\nfile = "a.js"\nlicence = "MIT"\nsha256 = "{sha256}"\n'
    manifest.write_text(f"[[file]]\n{row}", encoding="utf-8")
    return manifest


def test_changed_missing_and_undeclared_files_are_found(tmp_path: Path) -> None:
    manifest = _write(tmp_path, sha256="0")
    assert "missing" in next(problems(manifest))
    (tmp_path / "a.js").write_text("x", encoding="utf-8")
    (tmp_path / "b.js").write_text("y", encoding="utf-8")
    changed, undeclared = problems(manifest)
    assert "checksum differs" in changed
    assert "not declared" in undeclared


def test_manifest_with_a_missing_field_names_it(tmp_path: Path) -> None:
    manifest = tmp_path / MANIFEST
    manifest.write_text('[[file]]\nname = "a"\nversion = "1"\npath = "p"\nfile = "f"\nlicence = "MIT"\n')
    with pytest.raises(ValueError, match="sha256"):
        read_manifest(manifest)


def test_vendored_file_lies_beside_its_manifest(tmp_path: Path) -> None:
    (vendored,) = read_manifest(_write(tmp_path, sha256="0"))
    assert isinstance(vendored, Vendored)
    assert vendored.target == tmp_path / "a.js"
