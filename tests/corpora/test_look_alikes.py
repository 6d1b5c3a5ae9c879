import pytest

from neuroner_tl.corpora.look_alikes import look_alikes


@pytest.mark.parametrize(
    "pair",
    [
        ("DIS0", "DISO"),
        ("DISO", "Diso"),
        ("cell-line", "cell_line"),
        ("Disease", "Diseases"),
        ("CHED", "CHDE"),
        ("PRGE", "PREG"),
        ("Gene", "Gone"),
        ("Celi", "Cell"),
    ],
)
def test_typos(pair):
    assert look_alikes(pair) == [tuple(sorted(pair))]


@pytest.mark.parametrize(
    "types",
    [
        ("DISO", "CHED", "PRGE", "LIVB"),
        ("DNA", "RNA"),
        ("Phase1", "Phase2"),
        ("Grade3", "Grade12"),
        ("cell_line", "cell_type"),
        ("Disease", "Drug"),
        ("DISO",),
        (),
    ],
)
def test_other_types(types):
    assert look_alikes(types) == []
