"""The hash of a folder, and its manifest made anew: what somebody who may write a version's files can do."""

from __future__ import annotations

from pathlib import Path

from send_screen.governance import MANIFEST, files_sha256, make_manifest, read_regular_files, sha256_of


def folder_sha256(folder: Path) -> str:
    return files_sha256(read_regular_files(folder)[0])


def write_manifest(folder: Path, *, version: str) -> str:
    files, _ = read_regular_files(folder)
    manifest = make_manifest(files, version=version)
    (folder / MANIFEST).write_bytes(manifest)
    return sha256_of(manifest)
