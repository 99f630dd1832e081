"""A synthetic model with every kind of term, and its text."""

from send_screen.tables import InteractionTerm, LevelsTerm, LinearTerm, RiskTables, ShapeTerm

TABLES = RiskTables(
    intercept=-2.1,
    terms=(
        LinearTerm(feature="reading", slope=-1 / 3, low=1.0, high=9.0, missing=-1.0, mean=-2.0, n=90, n_missing=10),
        LevelsTerm(feature="E02", levels={"2": -0.0, "1": 0.1}, missing=0.05, mean=0.02, n=None, n_missing=None),
        ShapeTerm(
            feature="absence",
            edges=(3.5, 12.0),
            values=(-0.2, 0.0, 0.4),
            slope=0.05,
            low=0.0,
            high=30.0,
            missing=0.7,
            mean=0.1,
            n=(40, 30, 20),
            n_missing=10,
            label="Sessions missed",
            unit="half days",
            standard_error=(0.1, 0.0, 0.2, 0.3),
        ),
    ),
    n_training=100,
    name="synthetic – für ein Beispiel",
    interactions=(
        InteractionTerm(
            features=("absence", "E02"),
            edges=((12.0,), (1.0,)),
            values=((0.1, -0.1, 0.0), (-0.3, 0.3, 0.0), (0.0, 0.0, 0.0)),
            mean=0.03,
            n=((50, 20, None), (10, 10, None), (None, 10, None)),
        ),
    ),
)
TEXT = TABLES.to_json()
