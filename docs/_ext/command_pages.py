"""The command line's reference: one section a command, made from the commands themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from sphinx.application import Sphinx


def commands() -> dict[str, Any]:
    """Return the commands of ``send-screen`` by name, in the order of its help, as click knows them."""
    from send_screen.cli._app import app

    group: Any = typer.main.get_command(app)
    return dict(group.commands)


def _row(parameter: Any) -> str:
    help_text = " ".join((getattr(parameter, "help", None) or "").split()).replace("|", "\\|")
    if parameter.param_type_name == "argument":
        return f"| `{parameter.name.upper()}` | {help_text} |\n"
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    needed = " *Required.*" if parameter.required else ""
    default = parameter.default
    shown = default is not None and default is not False and not callable(default) and "default" not in help_text
    return f"| {names} | {help_text}{needed}{f' Default: `{default}`.' if shown and not needed else ''} |\n"


def command_page() -> str:
    """Return the page in Markdown: each command with its arguments and options.

    Returns
    -------
    str
    """
    from send_screen.errors import ExitCode

    text = "# Command line\n\n`send-screen COMMAND --help` prints the same.\n"
    text += "\n## Exit codes\n\n| code | what it says |\n|---|---|\n"
    text += "".join(f"| {code.value} | {code.description} |\n" for code in ExitCode)
    for name, command in commands().items():
        arguments = [one for one in command.params if one.param_type_name == "argument"]
        usage = " ".join(["send-screen", name, *(one.name.upper() for one in arguments), "[OPTIONS]"])
        text += f"\n## {name}\n\n{command.help}\n\n```console\n{usage}\n```\n\n"
        text += "| argument or option | what it is |\n|---|---|\n"
        text += "".join(_row(one) for one in command.params if one.name != "help")
    return text


def _write(app: Sphinx) -> None:
    path = Path(app.srcdir) / "api" / "command_line.md"
    path.parent.mkdir(exist_ok=True)
    text = command_page()
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the page before the sources are read."""
    app.connect("builder-inited", _write, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
