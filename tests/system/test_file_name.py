"""Names of files: what would be another file, no file, or an option, somewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroner_tl.system.file_name import colliding_names, file_name_fault, usable_name


@pytest.mark.parametrize(
    "name, fault",
    [
        ("", "is empty"),
        (".", "begins with a dot"),
        ("..", "begins with a dot"),
        (".hidden", "begins with a dot"),
        ("a/b", "contains /"),
        ("a\\b", "contains \\"),
        ("C:x", "contains :"),
        ("what?", "contains ?"),
        ("a\0b", "invisible character U+0000"),
        ("a\nb", "invisible character U+000A"),
        ("a\u202eb", "invisible character U+202E"),
        ("a\udc80", "invisible character U+DC80"),
        ("+1", "begins with +"),
        ("-rf", "begins with -"),
        (" a", "white space"),
        ("a ", "white space"),
        ("a.", "ends with a dot"),
        ("CON", "device"),
        ("nul.v2", "device"),
        ("Com1", "device"),
        ("x" * 300, "has 300 bytes"),
        ("ü" * 150, "has 300 bytes"),
    ],
)
def test_faults_are_named(name, fault):
    assert fault in file_name_fault(name)


@pytest.mark.parametrize(
    "name", ["NCBI_DISO", "PMC1-01.v2", "a+b", "console", "naïve", "文献", "x" * 200]
)
def test_good_names_have_none(name):
    assert file_name_fault(name) is None


@given(st.text(max_size=40))
def test_a_good_name_names_a_file_in_its_folder(tmp_path_factory, name):
    if file_name_fault(name) is None:
        folder = tmp_path_factory.getbasetemp() / "names"
        path = folder / name
        assert path.parent == folder and path.name == name and path != folder


def test_twins_differ_in_case_or_composition_alone():
    assert colliding_names(["a", "B", "A", "b", "c", "c"]) == [("a", "A"), ("B", "b"), ("c", "c")]
    assert colliding_names(["caf\u00e9", "cafe\u0301", "cafe"]) == [("caf\u00e9", "cafe\u0301")]
    assert colliding_names(["Straße", "STRASSE"]) == [("Straße", "STRASSE")]
    assert colliding_names(["a1", "a2", ""]) == []


@given(st.text(max_size=300))
def test_any_name_has_a_usable_one_near(name):
    usable = usable_name(name)
    assert file_name_fault(usable) is None
    assert usable_name(usable) == usable
    if file_name_fault(name) is None:
        assert usable == name


def test_usable_names():
    assert usable_name("PMID:1/2") == "PMID_1_2"
    assert usable_name("CON") == "_CON" and usable_name("..") == "__" and usable_name("-1") == "_1"
    assert len({usable_name("x" * 300), usable_name("x" * 301)}) == 2
