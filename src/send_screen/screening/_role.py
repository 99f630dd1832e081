"""Role-based access: which columns a role may see, and who owns the data of the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from send_screen.contracts import Contract
from send_screen.contracts._note import Note
from send_screen.errors import UsageError
from send_screen.specs import ColumnRef, Feature, ModelSpec

DEFAULT_ROLE = "senco"


@dataclass(frozen=True)
class RoleAccess:
    """What a role may see, by the contracts."""

    role: str
    contracts: Mapping[str, Contract]

    def may_see(self, ref: ColumnRef) -> bool:
        """Return whether the role may see a column's content."""
        return self.role in self.contracts[ref.contract].columns[ref.column].visible_to

    def may_see_links(self, contract: str, child_id: str) -> bool:
        """Return whether the role may see by which identifiers the contract knows a child."""
        columns = self.contracts[contract].columns
        id_column = self.contracts[contract].id_column
        names = {child_id, "PersonID", id_column.name if id_column else child_id} & columns.keys()
        return all(self.may_see(ColumnRef(contract, name)) for name in names)

    def data_owners(self, columns: Iterable[ColumnRef]) -> tuple[str, ...]:
        """Return the agencies that own those of the columns which the role may not see, each once."""
        hidden = [self.contracts[ref.contract].agency_name for ref in columns if not self.may_see(ref)]
        return tuple(dict.fromkeys(hidden))

    def data_owner(self, feature: Feature) -> str | None:
        """Return the agency that owns a feature which the role may not see; None where it may."""
        return next(iter(self.data_owners(feature.sources)), None)

    def may_see_score(self, spec: ModelSpec) -> bool:
        """Return whether the role may see every feature: the score and the others would reveal a hidden one."""
        return all(self.data_owner(feature) is None for feature in spec.features)

    def visible_notes(self, notes: Iterable[str]) -> tuple[str, ...]:
        """Return notes about a file; in place of each on columns that the role may not see, the agency to ask."""
        hidden = {
            ColumnRef(key, name): contract.agency_name
            for key, contract in self.contracts.items()
            for name in contract.columns
            if not self.may_see(ColumnRef(key, name))
        }
        shown: list[str] = []
        for note in notes:
            owners = {
                agency
                for ref, agency in hidden.items()
                if isinstance(note, Note) and ref.column in note.columns and note.contract in (None, ref.contract)
            }
            asked = [f"Something in the file was not as expected: ask {owner}." for owner in sorted(owners)]
            shown += asked or [str(note)]
        return tuple(dict.fromkeys(shown))


def role_access(contracts: Mapping[str, Contract], role: str | None = None) -> RoleAccess:
    """Return what a role may see; by default the SENCO, or the first role that the contracts name."""
    roles = {name: description for contract in contracts.values() for name, description in contract.roles.items()}
    if role is None:
        role = DEFAULT_ROLE if DEFAULT_ROLE in roles else next(iter(roles), DEFAULT_ROLE)
    elif role not in roles:
        known = "; ".join(f"{name} ({description})" for name, description in sorted(roles.items()))
        raise UsageError(f"No contract knows the role {role!r}.", remedy=f"Known are: {known}.")
    return RoleAccess(role, contracts)
