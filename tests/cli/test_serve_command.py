import pytest

from neuroner_tl.__main__ import main


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--max-megabytes", "0"),
        ("--max-megabytes", "inf"),
        ("--max-megabytes", "nan"),
        ("--max-texts", "-1"),
        ("--max-characters", "0"),
        ("--timeout", "nan"),
        ("--workers", "0"),
    ],
)
def test_a_limit_that_is_none_is_refused_by_its_option(option, value, tmp_path, capsys):
    assert main(["serve", "--model", str(tmp_path / "absent"), option, value]) == 2
    error = capsys.readouterr().err
    assert f"{option}: found {value}, expected a number above 0\n" in error
