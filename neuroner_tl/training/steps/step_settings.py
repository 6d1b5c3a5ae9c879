"""The settings of a training step, and those of them on which its program depends."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neuroner_tl.training.steps.variational import VariationalDropout


@dataclass(frozen=True)
class StepSettings:
    """The settings of a step besides the network.

    Attributes:
        optimiser: ``sgd``, ``adam`` or ``adadelta``.
        clip: gradients are clipped to ``[-clip, clip]``; 0 turns clipping off.
        clip_norm: the whole gradient is scaled down to this norm before; 0 turns it off.
        weight_decay: decoupled decay of the matrices of layers 3 to 6; 0 turns it off.
        token_rate: step size of the table of layer 1, as a share of the learning rate.
        variational: rates of variational dropout.
        label_smoothing: share of each label that is spread over all labels.
        dropout: share of the token LSTM's input that is set to zero.
        batch_loss: ``mean`` or ``sum`` over the batch's sentences; each loss times the sentence's
            weight, the mean over their number.
        frozen: layers that are not trained; of layer 1 this is the table, not a linear layer above
            it.
        jit_compile: compile the program with XLA.
        partial: whether batches have tokens that may have any label.
        soft: whether batches have soft labels.
        averaging_decay: decay of exponential averages of the weights; 0 for none.
        averaged_epochs: epochs over whose ends the weights are averaged; 0 for none.

    Example::

        settings = StepSettings(optimiser="adam", batch_loss="sum", frozen=("token_embeddings",))
    """

    optimiser: str = "sgd"
    clip: float = 5.0
    dropout: float = 0.5
    batch_loss: str = "mean"
    frozen: tuple[str, ...] = ()
    jit_compile: bool = False
    partial: bool = False
    averaging_decay: float = 0.0
    averaged_epochs: int = 0
    clip_norm: float = 0.0
    weight_decay: float = 0.0
    variational: VariationalDropout = VariationalDropout()
    label_smoothing: float = 0.0
    token_rate: float = 1.0
    soft: bool = False

    @property
    def updates_apart(self) -> bool:
        """Whether the update is a program of its own: it has many operations for each weight."""
        return self.optimiser != "sgd" or self.averaging_decay > 0

    def of_program(self) -> StepSettings:
        """Return the settings on which the program depends; one serves all that share them.

        The program is given a dropout mask or none; how it is drawn is not its concern.
        """
        return replace(
            self,
            dropout=float(self.dropout > 0),
            averaged_epochs=0,
            token_rate=1.0,
            variational=self.variational.kinds(),
        )
