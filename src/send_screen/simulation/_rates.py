"""Published rates that the simulation reproduces, and the constants calibrated to them.

Sources of the targets: *Early years foundation stage profile results* 2023 to 2024 (Department for Education);
*Special educational needs in England*, January 2025 (same); Connected Bradford [Bradford2024]_; EPI reports on the
identification of SEND [EPI2021]_ [EPI2025]_. The shares by ethnic group are rounded from the school census and rough.
The constants were fitted by hand at 200,000 children and are fixed, so that a small simulation differs from a large one
by chance alone.

.. [Bradford2024] Archives of Disease in Childhood 109:52.
.. [EPI2021] Education Policy Institute, *Identifying pupils with special educational needs and disabilities*.
.. [EPI2025] Education Policy Institute, report on inequalities in the identification of SEND.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GOALS = tuple(f"E{number:02d}" for number in range(1, 18))
#: The four areas of need of the SEND Code of Practice; SEMH is social, emotional and mental health.
AREAS = ("communication and interaction", "cognition and learning", "SEMH", "sensory and physical")

#: Effect of a need in each area (rows, as AREAS) on each goal, per unit of severity.
#:       COM       PSE            PHY       LIT            MAT       UTW            EXP
NEED_ON_GOALS = 1.4 * np.array(
    [
        [1.5, 1.6, 0.9, 0.7, 1.0, 0.3, 0.5, 1.2, 0.7, 0.7, 0.6, 0.6, 0.8, 0.8, 0.7, 0.5, 0.9],
        [0.7, 0.6, 0.6, 0.5, 0.3, 0.4, 0.7, 1.1, 1.4, 1.3, 1.3, 1.4, 1.0, 0.9, 0.8, 0.5, 0.5],
        [1.2, 0.3, 1.9, 1.4, 1.7, 0.2, 0.4, 0.5, 0.5, 0.7, 0.5, 0.5, 0.4, 0.5, 0.3, 0.5, 0.5],
        [0.6, 0.6, 0.3, 0.9, 0.3, 2.0, 1.8, 0.4, 0.5, 0.9, 0.4, 0.4, 0.4, 0.3, 0.4, 0.8, 0.4],
    ]
)
#: Share of the areas among boys and girls with a need (columns as AREAS).
AREA_OF_BOYS = np.array([0.49, 0.20, 0.24, 0.07])
AREA_OF_GIRLS = np.array([0.45, 0.29, 0.17, 0.09])

#: SEN types (codes of the school census) by area, for SEN support and for an EHC plan.
TYPES_OF_SEN_SUPPORT = (
    (("SLCN", 0.85), ("ASD", 0.15)),
    (("MLD", 0.55), ("SPLD", 0.45)),
    (("SEMH", 1.0),),
    (("PD", 0.4), ("HI", 0.3), ("VI", 0.2), ("MSI", 0.1)),
)
TYPES_OF_EHC_PLAN = (
    (("ASD", 0.6), ("SLCN", 0.4)),
    (("MLD", 0.5), ("SLD", 0.3), ("SPLD", 0.1), ("PMLD", 0.1)),
    (("SEMH", 1.0),),
    (("PD", 0.55), ("HI", 0.25), ("VI", 0.15), ("MSI", 0.05)),
)
#: Types recorded for a child supported without a true need, and for needs that no one has assessed yet.
TYPES_WITHOUT_NEED = (("NSA", 0.25), ("SLCN", 0.35), ("MLD", 0.15), ("SEMH", 0.25))


@dataclass(frozen=True)
class EthnicGroup:
    """A simulated ethnic group: its share, the share with EAL and their languages, and its average development."""

    code: str
    share: float
    eal: float
    languages: tuple[str, ...]
    development: float


ETHNIC_GROUPS = (
    EthnicGroup("WBRI", 0.640, 0.01, ("OTH",), 0.00),
    EthnicGroup("WIRI", 0.003, 0.05, ("OTH",), 0.05),
    EthnicGroup("WIRT", 0.001, 0.05, ("OTH",), -0.90),
    EthnicGroup("WROM", 0.004, 0.65, ("RMN", "ROM"), -0.85),
    EthnicGroup("WOTH", 0.073, 0.75, ("POL", "ROM", "POR", "LIT"), -0.05),
    EthnicGroup("MWBC", 0.016, 0.03, ("OTH",), -0.05),
    EthnicGroup("MWBA", 0.010, 0.12, ("YOR", "FRN"), 0.05),
    EthnicGroup("MWAS", 0.017, 0.15, ("URD", "GUJ"), 0.10),
    EthnicGroup("MOTH", 0.026, 0.25, ("ARA", "SPA"), 0.05),
    EthnicGroup("APKN", 0.044, 0.70, ("URD", "PNJ"), -0.10),
    EthnicGroup("AIND", 0.040, 0.65, ("GUJ", "PNJ", "TAM"), 0.30),
    EthnicGroup("ABAN", 0.018, 0.75, ("BNG",), 0.00),
    EthnicGroup("AOTH", 0.022, 0.70, ("TAM", "PSH"), 0.05),
    EthnicGroup("BCRB", 0.009, 0.04, ("OTH",), -0.10),
    EthnicGroup("BAFR", 0.042, 0.55, ("SOM", "YOR"), 0.00),
    EthnicGroup("BOTH", 0.008, 0.30, ("FRN", "POR"), -0.10),
    EthnicGroup("CHNE", 0.006, 0.70, ("CHI",), 0.25),
    EthnicGroup("OOTH", 0.021, 0.75, ("ARA", "KUR"), -0.10),
    EthnicGroup("REFU", 0.005, 0.20, ("OTB",), 0.00),
    EthnicGroup("NOBT", 0.007, 0.25, ("OTB",), -0.10),
)
TRAVELLER_CODES = ("WIRT", "WROM")
