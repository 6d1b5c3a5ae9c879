import pytest

from neuroner_tl.messages.spelling import nearest_hint, one_of
from neuroner_tl.parameters.schema import Parameters

OPTIONS = [f"--{name}" for name in (*Parameters.model_fields, "help", "resume")]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("--learning_rat", "; the nearest is --learning_rate"),
        ("--Learning-Rate", "; the nearest is --learning_rate"),
        ("--batchsize", "; the nearest is --batch_size"),
        # A word of longer names.
        (
            "--epochs",
            "; the nearest are --minimum_number_of_epochs and --maximum_number_of_epochs",
        ),
        ("--dropout", "; the nearest is --dropout_rate"),
        # Nothing is near: it used to be --verbose and the like.
        ("--gpu", ""),
        ("--x", ""),
        ("--lr", ""),
        ("--zzzzzz", ""),
        ("", ""),
    ],
)
def test_only_what_is_near(name, hint):
    assert nearest_hint(name, OPTIONS) == hint


def test_a_shared_beginning_is_near():
    assert nearest_hint("learned", ["transfer_table", "learning_curve"]).endswith("learning_curve")


def test_the_form():
    assert nearest_hint("cleen", ["clean"], "[{}]".format) == "; the nearest is [clean]"


def test_no_names():
    assert nearest_hint("a", []) == ""


def test_one_of():
    assert one_of("lrat", ["rate", "size"]) == "one of rate, size; the nearest is rate"
    assert one_of("x", ["rate", "size"]) == "one of rate, size"
    assert one_of("x", ["rate"]) == "rate"
