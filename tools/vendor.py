"""Fetch the browser libraries that are kept in the repository, and check that they are what they claim to be.

    python tools/vendor.py            check every vendored file against its VENDOR.toml
    python tools/vendor.py --fetch    download the packages again with npm and write the files
    python tools/vendor.py --record   the same, and write the new checksums (after changing a version)

Only maintainers need this, and npm: what it writes is committed, so that running ElCaro takes neither. A VENDOR.toml
lies beside the files it describes, with one [[file]] table for each:

    name = "htm"                            the npm package
    version = "3.1.1"
    path = "preact/standalone.module.js"    where the file lies in the package
    file = "preact.module.js"               what it is called here
    licence = "Apache-2.0"
    sha256 = "…"
"""

import argparse
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
MANIFEST: Final = "VENDOR.toml"
_FIELDS: Final = ("name", "version", "path", "file", "licence", "sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendored:
    """One file of somebody else's package, and where it came from."""

    directory: Path
    name: str
    version: str
    path: str
    file: str
    licence: str
    sha256: str

    @property
    def target(self) -> Path:
        """Return where the file lies in the repository."""
        return self.directory / self.file


def manifests(root: Path = ROOT) -> list[Path]:
    """Return every VENDOR.toml of the repository."""
    return sorted(path for path in root.glob("*/**/vendor/" + MANIFEST) if ".venv" not in path.parts)


def read_manifest(manifest: Path) -> list[Vendored]:
    """Return the files a VENDOR.toml describes.

    Raises:
        ValueError: A field is missing or unknown; the text names it.
    """
    rows = tomllib.loads(manifest.read_text(encoding="utf-8")).get("file", [])
    for row in rows:
        odd = set(_FIELDS) ^ row.keys()
        if odd:
            raise ValueError(f"{manifest}: each [[file]] has exactly {', '.join(_FIELDS)}; check {sorted(odd)[0]}")
    return [Vendored(directory=manifest.parent, **row) for row in rows]


def problems(manifest: Path) -> Iterator[str]:
    """Yield what is wrong with a vendor directory: a changed, missing or undeclared file."""
    files = read_manifest(manifest)
    for vendored in files:
        if not vendored.target.is_file():
            yield f"{vendored.target} is missing; run tools/vendor.py --fetch"
        elif _sha256(vendored.target) != vendored.sha256:
            yield f"{vendored.target} is not the file of {vendored.name} {vendored.version}; its checksum differs"
    declared = {vendored.file for vendored in files} | {MANIFEST}
    for path in sorted(manifest.parent.iterdir()):
        if path.name not in declared:
            yield f"{path} is not declared in {MANIFEST}"


def fetch(vendored: Vendored) -> None:
    """Download a package with npm and copy the one file out of it."""
    with tempfile.TemporaryDirectory() as directory:
        package = f"{vendored.name}@{vendored.version}"
        subprocess.run(["npm", "pack", "--silent", package], cwd=directory, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(directory).glob("*.tgz")
        with tarfile.open(archive) as opened:
            member = opened.extractfile(f"package/{vendored.path}")
            if member is None:
                raise FileNotFoundError(f"{package} has no file {vendored.path}")
            vendored.target.write_bytes(member.read())


def record(manifest: Path) -> None:
    """Write the checksums of the files as they are now into their VENDOR.toml."""
    text = manifest.read_text(encoding="utf-8")
    for vendored in read_manifest(manifest):
        table = re.compile(rf'(file = "{re.escape(vendored.file)}"(?:\n[^\[\n]*)*?\nsha256 = ")[^"]*')
        text = table.sub(lambda match, v=vendored: match[1] + _sha256(v.target), text)  # type: ignore[misc]
    manifest.write_text(text, encoding="utf-8")


def main() -> int:
    """Run from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Check or fetch vendored browser libraries.")
    parser.add_argument("--fetch", action="store_true", help="download the files again with npm")
    parser.add_argument("--record", action="store_true", help="download them and write their checksums")
    options = parser.parse_args()
    found = []
    for manifest in manifests():
        if options.fetch or options.record:
            for vendored in read_manifest(manifest):
                fetch(vendored)
        if options.record:
            record(manifest)
        found += list(problems(manifest))
    print("\n".join(found) or "all vendored files are what they claim to be")
    return 1 if found else 0


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
