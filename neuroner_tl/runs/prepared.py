"""A run that is ready to train: its data, its network and where it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional

from neuroner_tl.dataset.supervision import Supervision
from neuroner_tl.model.entity_lstm import EntityLSTM, create_network
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.prediction.tagger import Tagger
from neuroner_tl.runs.data import RunData
from neuroner_tl.runs.first_weights import first_weights
from neuroner_tl.runs.resume import Resumption, SavedState
from neuroner_tl.runs.scoring import Scorer
from neuroner_tl.runs.settings import (
    architecture_of,
    burst_lengths_of,
    is_compiled,
    step_settings,
    supervision_of,
)
from neuroner_tl.training.checkpoint import SavedModel, load_model
from neuroner_tl.training.progress import Progress
from neuroner_tl.training.steps.step import TrainingStep
from neuroner_tl.training.transfer_report import TransferReport


@dataclass(frozen=True)
class PreparedRun:
    """All that a run needs before its first step; nothing is on the disk yet.

    Attributes:
        parameters: its parameters.
        data: its corpus, encoded.
        network: with the weights that it starts with.
        compiled: whether its steps are compiled.
        resumption: what it resumes from; None for a new run.
        transfer_report: what was transferred, if it starts from a pretrained model.
        tagger: finds the best labels with the network as it is at any moment.
        scorer: scores them.
        supervision: labels and weights of the sentences of its train part.

    Example::

        run = prepare_run(parameters, load_data(parameters))
        step = run.make_step()
    """

    parameters: Parameters
    data: RunData
    network: EntityLSTM
    compiled: bool
    resumption: Optional[Resumption] = None
    transfer_report: Optional[TransferReport] = None
    tagger: Tagger = field(init=False)
    scorer: Scorer = field(init=False)
    supervision: Supervision = field(init=False)

    def __post_init__(self) -> None:
        tagger = Tagger(self.network, self.parameters.prediction_batch_size)
        object.__setattr__(self, "tagger", tagger)
        object.__setattr__(self, "scorer", Scorer(self.data, tagger))
        dataset, corpus = self.data.dataset, self.data.corpus
        supervision = supervision_of(
            self.parameters,
            dataset.parts["train"],
            dataset.vocabulary.labels,
            None if corpus is None else corpus.folder,
        )
        object.__setattr__(self, "supervision", supervision)

    @property
    def state(self) -> Optional[SavedState]:
        """The saved state that it starts from; None to start from the first step."""
        return None if self.resumption is None else self.resumption.state

    def make_step(self) -> TrainingStep:
        """Return the training step on this run's network, where the saved state left it."""
        p, state = self.parameters, self.state
        soft = self.supervision.targets is not None
        settings = step_settings(p, self.compiled, self.supervision.is_partial, soft)
        bursts = burst_lengths_of(p, self.data.dataset.parts["train"])
        step = TrainingStep(self.network, settings, p.learning_rate, p.seed, bursts)
        if state is not None:
            step.restore(state.slots, state.iteration)
            if step.averages is not None:
                step.averages.restore(state.averages, max(0, state.progress.epoch - 1))
        return step

    def make_progress(self) -> Progress:
        """Return the training progress that it starts from."""
        if self.state is not None:
            return self.state.progress
        # A pretrained model is scored before the first step, as NeuroNER does.
        return Progress(epoch=0 if self.parameters.use_pretrained_model else 1)

    def restore(self, model: SavedModel) -> None:
        """Put the weights of a saved model, all of them, back into the network."""
        for layer, named in self.network.weights.items():
            for name, variable in named.items():
                variable.assign(model.weights[layer][name])


def prepare_run(
    parameters: Parameters,
    data: RunData,
    source: Optional[SavedModel] = None,
    resumption: Optional[Resumption] = None,
) -> PreparedRun:
    """Make the network of a run, from the saved state, the pretrained model or initial weights.

    Args:
        parameters: the run's parameters.
        data: its corpus, encoded.
        source: the pretrained model, unless the run resumes from a saved state.
        resumption: what it resumes from.

    Raises:
        ParameterError: the network does not fit into memory.
        TransferError: the pretrained model does not fit.
    """
    dataset, state = data.dataset, None if resumption is None else resumption.state
    architecture = architecture_of(parameters, len(dataset.vocabulary.labels))
    report = None
    if state is not None:
        weights, compiled = state.model.weights, state.compiled
    else:
        weights, report = first_weights(parameters, architecture, dataset, source)
        compiled = is_compiled(parameters, dataset.parts["train"].number_of_sentences)
    network = create_network(architecture, weights)
    return PreparedRun(parameters, data, network, compiled, resumption, report)


def pretrained_model(parameters: Parameters) -> Optional[SavedModel]:
    """Return the pretrained model that the parameters name, loaded; None without transfer.

    Raises:
        CheckpointError: it cannot be used.
    """
    if not parameters.use_pretrained_model:
        return None
    assert parameters.pretrained_model_folder is not None
    return load_model(parameters.pretrained_model_folder)
