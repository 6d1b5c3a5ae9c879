import gc
import os
import signal

import pytest
from deprecated_calls import deprecated_calls
from hypothesis import HealthCheck, settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

# One thread, as of a run by default: for networks and corpora as small as these, threads wait for
# each other most of the time, and pytest has a process for each core already.
for threads in (
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
):
    os.environ.setdefault(threads, "1")

# TensorFlow and the collected tests are hundreds of thousands of objects, none of which is ever
# garbage; by default they are gone through so often that it takes a seventh of all time.
gc.set_threshold(50_000, 10, 10)

# A shell lets what it starts in the background ignore Ctrl-C; the commands that tests start and
# interrupt would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says something about the machine: the first ones import and compile.
settings.register_profile(
    "any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any_machine")

# A network that learns the synthetic corpora in seconds.
TINY = {
    "token_embedding_dimension": 20,
    "token_lstm_hidden_state_dimension": 20,
    "character_embedding_dimension": 6,
    "character_lstm_hidden_state_dimension": 6,
    "optimizer": "adam",
    "learning_rate": 0.01,
    "batch_size": 1,
    "dropout_rate": 0.1,
    "maximum_number_of_epochs": 3,
    "jit_compile": False,
    "tensorboard": False,
    "seed": 3,
}


@pytest.fixture(autouse=True)
def no_deprecated_calls():
    """Fail a test in which the package uses what TensorFlow has deprecated."""
    with deprecated_calls() as calls:
        yield
    assert not calls


@pytest.fixture(scope="session")
def corpora(tmp_path_factory):
    """The synthetic corpora, small; tests must not change them."""
    from neuroner_tl.corpora.synthetic.folders import write_synthetic_corpora

    return write_synthetic_corpora(
        tmp_path_factory.mktemp("corpora"),
        gold_documents=(6, 3, 4),
        silver_documents=(12, 3),
        types=("DISO", "CHED"),
    )


@pytest.fixture(scope="session")
def source_run(corpora, tmp_path_factory):
    """A finished run on the silver corpus; tests must not change its folder."""
    from neuroner_tl.neuroner import NeuroNER

    output = tmp_path_factory.mktemp("source")
    with NeuroNER(
        dataset_text_folder=corpora.silver,
        output_folder=output,
        experiment_name="source",
        **{**TINY, "tensorboard": True},
    ) as ner:
        return ner.fit()


@pytest.fixture(scope="session")
def tiny():
    """Parameters of a tiny run, without corpus and output folder."""
    return dict(TINY)


@pytest.fixture
def eagerly():
    """Run functions step by step: for a handful of tokens, tracing takes far longer."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def unoptimised():
    """Run graphs as they were traced, see `unoptimised_graphs`; fixtures of a module do not."""
    from unoptimised_graphs import unoptimised_graphs

    with unoptimised_graphs():
        yield
