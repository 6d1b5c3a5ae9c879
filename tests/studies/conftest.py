"""A study whose runs take a second or two each."""

from functools import partial

import pytest

PARAMETERS = """\
[ann]
use_character_lstm = False
token_embedding_dimension = 8
token_lstm_hidden_state_dimension = 8
[training]
optimizer = adam
learning_rate = 0.02
batch_size = 16
maximum_number_of_epochs = {epochs}
jit_compile = False
[advanced]
tensorboard = False
"""
STUDY = """\
[study]
name = tiny
kind = {kind}
parameters_filepath = {folder}/parameters.ini
output_folder = {folder}/output
{study}
[sources DISO]
silver = {source}
[targets DISO]
gold = {target}
[synthetic silver]
standard = silver
documents = 4, 1
[synthetic gold]
standard = gold
documents = 2, 1, 2
"""


def write(
    folder,
    study="",
    more="",
    kind="transfer_table",
    source="synthetic:silver",
    target="synthetic:gold",
    epochs=1,
):
    (folder / "parameters.ini").write_text(PARAMETERS.format(epochs=epochs))
    path = folder / "study.ini"
    text = STUDY.format(folder=folder, kind=kind, study=study, source=source, target=target)
    path.write_text(text + more)
    return path


@pytest.fixture
def write_study(tmp_path):
    """A function that writes a study file and returns its path."""
    return partial(write, tmp_path)


@pytest.fixture(scope="session")
def write_study_into():
    """The same for a folder that is given first."""
    return write
