"""The package uses public functions of TensorFlow alone, none of them deprecated or experimental.

The fixture `no_deprecated_calls` sees those that are called while tests run; here are those that
stand in the source.
"""

import ast
import inspect
import logging
import re
from pathlib import Path

import pytest
from deprecated_calls import deprecated_calls

PACKAGE = Path(__file__).resolve().parents[1] / "neuroner_tl"
ARGUMENTS = re.compile(r"SOME ARGUMENT(?:S| VALUES) ARE DEPRECATED: `\((.*?)\)`")
NOT_PUBLIC = re.compile(r"_(?!_).*|python|compat|v1|src|experimental(_.*)?")


@pytest.fixture
def no_deprecated_calls():
    """Let the tests below make such calls."""


def names_of(node):
    """Return the names of ``tf.a.b`` after the first, or None if it is something else."""
    names = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return names if isinstance(node, ast.Name) and node.id == "tf" else None


def found(names):
    """Return what the installed TensorFlow has under a name; None if it has nothing."""
    import tensorflow as tf

    value = tf
    for name in names:
        value = getattr(value, name, None)
    return value


def faults(text):
    """Return the lines that use what a later version of TensorFlow may lack, with the names."""
    lines = []
    for node in ast.walk(ast.parse(text)):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names if alias.name != "tensorflow"]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        elif isinstance(node, ast.Attribute) and names_of(node):
            names = names_of(node)
            notice = (inspect.getdoc(found(names)) or "").partition("\n")[0]
            if any(map(NOT_PUBLIC.fullmatch, names)) or notice.endswith("(deprecated)"):
                lines.append((node.lineno, ".".join(names)))
        elif isinstance(node, ast.Call):
            names = names_of(node.func)
            old = ARGUMENTS.findall(inspect.getdoc(found(names)) or "") if names else []
            old = {name.partition("=")[0].strip() for group in old for name in group.split(",")}
            given = [keyword.arg or "" for keyword in node.keywords]
            lines += [
                (node.lineno, name)
                for name in given
                if name in old or name.startswith("experimental")
            ]
        lines += [
            (node.lineno, module)
            for module in modules
            if module.split(".")[0] in ("tensorflow", "keras", "tensorflow_core")
        ]
    return lines


def test_the_source_has_no_private_or_deprecated_name():
    found = {path: faults(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
    assert {str(path): lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        "from tensorflow.python.util import nest",
        "import keras.src.layers",
        "tf.compat.v1.placeholder(tf.float32)",
        "tf.raw_ops._private",
        "tf.config.experimental.list_physical_devices()",
        "tf.saved_model.SaveOptions(experimental_custom_gradients=False)",
        "tf.while_loop(cond, body, values, back_prop=False)",
        "tf.gather(x, y, validate_indices=True)",
        "tf.function(f, experimental_compile=True)",
        "tf.sparse.to_indicator and tf.sparse.merge and tf.compat",
    ],
)
def test_the_rule_finds_what_it_forbids(line):
    assert faults(line)


@pytest.mark.parametrize(
    ("caller", "is_ours"),
    [
        ("neuroner_tl/model/crf.py", True),
        ("somewhere/__autograph_generated_filexyz.py", True),
        ("site-packages/tensorflow/python/ops.py", False),
    ],
)
def test_a_deprecated_call_is_noticed(caller, is_ours):
    """The words are those of TensorFlow, which names the caller's file and line."""
    with deprecated_calls() as calls:
        logging.getLogger("tensorflow").warning(
            "From %s: %s (from %s) is deprecated and will be removed %s.\n",
            f"{caller}:12",
            "foldl",
            "tensorflow.python.ops",
            "in a future version",
        )
        logging.getLogger("tensorflow").warning("From %s: retracing", f"{caller}:12")
    assert len(calls) == is_ours


def test_the_words_are_those_of_tensorflow():
    import tensorflow as tf

    with deprecated_calls(of=Path(__file__).name) as calls:
        tf.while_loop(lambda i: i < 1, lambda i: (i + 1,), (tf.constant(0),), back_prop=False)
    assert len(calls) == 1
