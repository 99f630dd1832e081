"""Data contracts: what each agency's table holds, and the violations of a file against it.

A contract is a YAML file in the Open Data Contract Standard v3.1 (``data_contracts/`` in the repository).
:func:`load_contract` reads one; :func:`check_table` collects every violation of a table against it. England's code sets
and the check digits of UPNs and NHS numbers are here too.
"""

from send_screen.contracts._check import check_table
from send_screen.contracts._contract import CodeSet, Column, Contract, Rule
from send_screen.contracts._england_codes import ETHNIC_GROUPS, MAJOR_ETHNIC_GROUPS
from send_screen.contracts._load import available_contracts, load_contract, shipped
from send_screen.contracts._nhs_number import (
    SYNTHETIC_RANGE,
    is_synthetic_nhs_number,
    nhs_check_digit,
    valid_nhs_numbers,
)
from send_screen.contracts._result import MASK, CheckedTable, ColumnsReport, Violation
from send_screen.contracts._upn import SYNTHETIC_AUTHORITY, is_synthetic_upn, upn_check_letter, valid_upns

__all__ = [
    "load_contract",
    "available_contracts",
    "check_table",
    "Contract",
    "Column",
    "CodeSet",
    "Rule",
    "CheckedTable",
    "ColumnsReport",
    "Violation",
    "MASK",
    "ETHNIC_GROUPS",
    "MAJOR_ETHNIC_GROUPS",
    "is_synthetic_upn",
    "upn_check_letter",
    "valid_upns",
    "is_synthetic_nhs_number",
    "nhs_check_digit",
    "valid_nhs_numbers",
    "SYNTHETIC_AUTHORITY",
    "SYNTHETIC_RANGE",
    "shipped",
]
