"""The files of the laptop kit, with its guide, and the writer of its zip."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib import resources
from pathlib import Path

from send_screen.documents import DEFAULT_MODE, keep_wording, write_atomically
from send_screen.errors import MachineError
from send_screen.governance import sha256_of
from send_screen.published import VersionMetadata
from send_screen.reports import join_list, render_html
from send_screen.school_kit._embedded import EmbeddedPython
from send_screen.school_kit._wheels import Target

FORMAT = "send_screen.school_kit/1"


def render_guide(version: VersionMetadata, *, pythons: Sequence[str], with_python: bool, made: date) -> str:
    """Render the guide of the kit, one printed page."""
    return render_html(
        "guide.html.j2",
        children=version.children,
        version=keep_wording(version, version.children),
        made=made,
        pythons=join_list(pythons, "or"),
        with_python=with_python,
        watermarks=(),
    )


def laptop_files(
    version: VersionMetadata, wheels: Mapping[str, Sequence[Path]], target: Target, *, with_python: bool
) -> dict[str, bytes]:
    """Return the files of the kit by name, without the model version and the embedded Python."""
    pythons = list(wheels)
    paths = {path.name: path for found in wheels.values() for path in found}
    files = {name: path.read_bytes() for name, path in paths.items()}
    hashes = {name: sha256_of(content) for name, content in files.items()}
    kit = {
        "format": FORMAT,
        "version": version.id,
        "platform": target.platform,
        "max_path_length": max(
            len(name) for wheel in files.values() for name in zipfile.ZipFile(io.BytesIO(wheel)).namelist()
        ),
        "pythons": {
            python: [{"file": path.name, "sha256": hashes[path.name]} for path in paths]
            for python, paths in wheels.items()
        },
    }
    laptop = resources.files("send_screen.school_kit").joinpath("laptop")
    command = laptop.joinpath("screen.cmd").read_text("utf-8")
    command = command.replace("@LAUNCHER@", " ".join(pythons)).replace("@VERSIONS@", join_list(pythons, "or"))
    guide = render_guide(version, pythons=pythons, with_python=with_python, made=date.today())
    return {
        # cmd.exe does not find its goto labels in a file with Unix line ends
        "screen.cmd": "\r\n".join(command.splitlines()).encode("ascii") + b"\r\n",
        "guide.html": guide.encode(),
        "kit/start.py": laptop.joinpath("start.py").read_bytes(),
        "kit/kit.json": (json.dumps(kit, indent=1) + "\n").encode(),
        **{f"wheels/{name}": content for name, content in files.items()},
    }


def write_zip(
    out: Path,
    contents: Mapping[str, bytes],
    embedded: EmbeddedPython | None,
    *,
    before_rename: Callable[[], object] | None = None,
) -> str:
    """Write the zip atomically, and return its SHA-256; see :func:`~send_screen.documents.write_atomically`.

    Raises
    ------
    MachineError
        If it cannot be written there.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            stored = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
            archive.writestr(name, content, stored)
        if embedded:
            with zipfile.ZipFile(io.BytesIO(embedded.content)) as source:
                for name in source.namelist():
                    archive.writestr(f"python/{name}", source.read(name))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        return write_atomically(buffer.getvalue(), out, mode=DEFAULT_MODE, before_rename=before_rename)
    except OSError as error:
        raise MachineError(
            f"{out} cannot be written ({error.strerror}).", remedy="Give another place with --out."
        ) from None
