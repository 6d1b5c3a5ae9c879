import pytest

from neuroner_tl.__main__ import main


def test_a_folder_without_files_to_write_is_refused(tmp_path, capsys):
    assert main(["parameters", "--to", str(tmp_path)]) == 2
    out, error = capsys.readouterr()
    assert not out and "--to: found it without --write" in error


def test_documentation_and_files_are_not_written_by_one_command(tmp_path, capsys):
    both = ["--write", "baseline", "--to", str(tmp_path), "--markdown", str(tmp_path / "p.md")]
    with pytest.raises(SystemExit) as ended:
        main(["parameters", *both])
    assert ended.value.code == 2 and not list(tmp_path.iterdir())
    assert "not allowed with argument" in capsys.readouterr().err
