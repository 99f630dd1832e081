"""The commands by which somebody who trusts nobody checks a version: audit, and the keys that it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from send_screen.cli._console import guarded, progress, say, say_json
from send_screen.cli._options import Json, Tracking

auditing = typer.Typer()


@auditing.command()
@guarded
def audit(
    model: Annotated[
        str,
        typer.Argument(
            help="models:/name@alias, models:/name/3, runs:/id/bundle (not registered), or an exported folder."
        ),
    ],
    evidence: Annotated[
        Path | None,
        typer.Option(
            envvar="SEND_SCREEN_EVIDENCE",
            help="The evidence store, or the version's folder in it. (default: where the registry says)",
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="The public key of who answers for training, from them and not from the store."),
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option(
            help="The ledger of decisions. (default: beside a local MLflow store, or where the registry says)"
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for audit.html and audit.json.")] = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Derive all that is claimed of a version again, and name whatever differs."""
    from send_screen.auditing import audit as run
    from send_screen.auditing import write_audit
    from send_screen.cli._words_audit import audited_text

    with progress(quiet=json) as tell:
        found = run(model, evidence=evidence, key=key, ledger=ledger, tracking_uri=tracking_uri, progress=tell)
    if out is not None:
        write_audit(found, out)
    say_json(found.as_json()) if json else say(audited_text(found, out))
    if not found.green:
        raise typer.Exit(1)


@auditing.command()
@guarded
def keys(
    out: Annotated[Path, typer.Option(help="A folder outside the stores, for private.pem and public.pem.")],
    json: Json = False,
) -> None:
    """Make the pair of keys with which training signs its versions, and an auditor checks that it did."""
    from send_screen.governance import PRIVATE, PUBLIC, make_keys

    made = make_keys(out)
    if json:
        say_json({"private": str(out / PRIVATE), "public": str(out / PUBLIC), "id": made.id})
    else:
        say(
            f"{out / PRIVATE} signs: send-screen train SPEC --data PATH --sign {out / PRIVATE}\n"
            "Whoever has it can sign as you: keep it, and a copy, where those who keep the stores cannot read it.\n"
            f"{out / PUBLIC} goes to the auditors. They can ask you whether its id is {made.id}"
        )
