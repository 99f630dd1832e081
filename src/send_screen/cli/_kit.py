"""The words and the one odd option of ``send-screen kit``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

if TYPE_CHECKING:
    from send_screen.kit import Kit

_OPTION = "--python"
_ALONE = "?"  # no file has this name on Windows, and none would be a zip


class PythonMayStandAlone(TyperCommand):
    """A command whose ``--python`` may have a value or none, which typer's options cannot."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give ``--python`` a value where it has none."""
        for at, word in enumerate(args):
            if word == _OPTION and (at + 1 == len(args) or args[at + 1].startswith("-")):
                args = [*args[: at + 1], _ALONE, *args[at + 1 :]]
                break
        return super().parse_args(ctx, args)


def python_to_add(given: str | None) -> str | None:
    """Return the file that ``--python`` names.

    Raises
    ------
    MissingExtraError
        If it names none.
    """
    if given == _ALONE:
        from send_screen.kit import no_python_to_add

        raise no_python_to_add()
    return given


def built_json(kit: Kit) -> dict[str, Any]:
    """Return a kit in facts."""
    return {
        "out": str(kit.path),
        "bytes": kit.path.stat().st_size,
        "sha256": kit.sha256,
        "version": kit.version,
        "trained_on_synthetic": kit.trained_on_synthetic,
        "pythons": list(kit.pythons),
        "left_out": kit.left_out,
        "python": {"version": kit.python.version, "sha256": kit.python.sha256} if kit.python else None,
    }


def built_text(kit: Kit) -> str:
    """Return a kit in words: what it is, what it needs, what to do with it."""
    lines = [f"{kit.path} ({kit.path.stat().st_size / 1e6:.0f} MB): {kit.title}, version {kit.version}."]
    if kit.trained_on_synthetic:
        lines.append("This version learned from invented children: at the school it refuses to list real ones.")
    if kit.python:
        lines.append(f"It brings Python {kit.python.version}. Hold its SHA-256 against python.org's:")
        lines.append(f"  {kit.python.sha256}")
    else:
        lines.append(f"The laptop needs one of Python {', '.join(kit.pythons)} (64-bit). To bring one: --python ZIP.")
    lines += [
        f"Not for Python {version}: there is no Windows wheel of {missing}."
        for version, missing in kit.left_out.items()
    ]
    lines += [
        f"SHA-256 of the zip: {kit.sha256}",
        "At the school: extract all, read guide.html, drop a file on screen.cmd.",
    ]
    return "\n".join(lines)
