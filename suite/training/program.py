"""A compiled training loop: steps, probes and validation in one graph; rates, weights, seeds and order are fed."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from suite.catalog.clippings import clips
from suite.catalog.losses import build_loss, output_activation
from suite.catalog.optimizers import build_optimizer
from suite.models import MODELS
from suite.models.network import Network
from suite.probes import (
    StepProbe,
    StepSnapshot,
    differentiating_again,
    nonfinite_layer,
    step_probes,
    trace_shapes,
    validation_probes,
)
from suite.protocol.records import CURVED, VALIDATED
from suite.tasks import Task
from suite.training.device import compiles_with_xla
from suite.training.evaluation import Evaluation, Scores
from suite.training.hessian import Hessian
from suite.training.norm import global_norm
from suite.training.rows import TraceRows, probed_steps
from suite.training.run_inputs import RunInputs, Trace

TRAIN_EVALUATED = 10_000
"""Training examples that the train score is taken on at most: the first ones of the split."""


class Program:
    """The training loop of one recipe on one task, compiled at its first run.

    Each step gathers its batch, takes the gradients by `tf.GradientTape`, and has the Keras optimizer apply them. A
    probed step is measured on its batch, updated, and followed by a pass over the validation split. The loop ends
    by itself at the first loss or gradient that is not finite (or whose norm overflows float32).

    Args:
        recipe: Every factor with its canonical level. What is fed (initializers, schedule) is not looked at.
        model: Name of the model family.
        task: The data.
        steps: Updates of one run.
        evaluations: Probed steps of one run.
        landscape: Whether the loss is looked at along the gradient too.
        probes: Whether layers are measured; without, probed steps are only validated.
        xla: Whether to compile with XLA; by default, where the model family trains faster with it.

    Attributes:
        network: The model and where the probes look.
        optimizer: The Keras optimizer.
        has_run: Whether it was compiled and run before.
        build_seconds: What building the model took.
    """

    def __init__(
        self,
        recipe: Mapping[str, Any],
        model: str,
        task: Task,
        steps: int,
        evaluations: int,
        *,
        landscape: bool = False,
        probes: bool = True,
        xla: bool | None = None,
    ) -> None:
        started = time.perf_counter()
        self.task, self.steps = task, steps
        self.has_run = False
        self.network: Network = MODELS[model].load()(recipe, task.train.x.shape[1:], task.output_shape)
        self.optimizer = build_optimizer(recipe["optimizer"], recipe["clipping"], recipe["weight_decay"])
        self._recipe = recipe
        self._weights = self.network.model.trainable_variables
        self.optimizer.build(self._weights)
        self._optimizer_start = [tf.constant(np.asarray(variable)) for variable in self.optimizer.variables]
        self._loss = build_loss(recipe["loss"], task.classes, recipe["label_smoothing"])
        self._plain_loss = build_loss(recipe["loss"], task.classes)
        recurrent, self._landscape = bool(self.network.recurrent), landscape and probes
        self._step_probes: Sequence[StepProbe] = (
            step_probes(recurrent=recurrent, landscape=self._landscape) if probes else ()
        )
        activations = [tap.function for tap in self.network.taps]
        shapes: dict[str, tuple[int, ...]] = {"validation_loss": (), "validation_score": ()}
        shapes |= trace_shapes(self.network, landscape=self._landscape) if probes else {}
        self._rows = TraceRows(probed_steps(steps, evaluations), shapes)
        self._predict = output_activation(recipe["loss"], task.classes)
        seen = validation_probes(activations) if probes else ()
        self._validation = Evaluation(task, self._look, self._plain_loss, self._predict, seen)
        self._validated = min(len(task.validation), VALIDATED)
        jit_compile = compiles_with_xla(self.network.xla) if xla is None else xla
        self._train = tf.function(self._loop, jit_compile=jit_compile, autograph=False)
        self._scores = Scores(Evaluation(task, self._infer, self._plain_loss, self._predict), task.train)
        self._hessian = Hessian(self._objective, self._weights)
        self._splits: dict[str, tuple[Any, Any]] = {}
        self.use(task)
        self.build_seconds = time.perf_counter() - started

    def use(self, task: Task) -> None:
        """Trains and evaluates on another draw of its task from now on, whose splits have the same sizes."""
        if self._splits and task is self.task:
            return
        self.task = task
        self._splits = {
            name: (tf.constant(split.x), tf.constant(split.y))
            for name, split in (("train", task.train), ("validation", task.validation), ("test", task.test))
        }

    def run(self, feed: RunInputs) -> Trace:
        """Trains once, from the weights that are fed; the model keeps the weights it ends with."""
        self.has_run = True
        for index, generator in enumerate(self.network.seed_generators()):
            generator.state.assign(np.array([feed.seed % 2**32, index], np.uint32))
        fed = (
            [tf.constant(weight) for weight in feed.weights],
            self._start_of_optimizer(feed),
            tf.constant(feed.batches),
            tf.constant(feed.learning_rates),
            self._splits["train"],
            self._splits["validation"],
        )
        out = {name: value.numpy() for name, value in self._train(*fed).items()}
        steps, finite = int(out.pop("steps")), bool(out.pop("finite"))
        clipped, layer = int(out.pop("clipped")), int(out.pop("nonfinite_layer"))
        names = [*(tap.name for tap in self.network.taps), "output"]
        curves = {name: out.pop(name)[:steps] for name in ("loss", "gradient_norm")}
        arrays = {**curves, **self._rows.read(out, steps)}
        # The step that was not finite is no update, but its row was written if it was probed.
        seen = self._rows.read(out, steps if finite else steps + 1)
        gradient_rms = seen.get("gradient_rms", np.zeros((0, 0)))
        return Trace(arrays, steps, finite, gradient_rms, clipped, None if finite or layer < 0 else names[layer])

    def _start_of_optimizer(self, feed: RunInputs) -> Sequence[Any]:
        if feed.momentum is None:
            return self._optimizer_start
        fed = tf.constant(feed.momentum, tf.float32)
        pairs = zip(self.optimizer.variables, self._optimizer_start, strict=True)
        return [fed if variable is self.optimizer.fed else start for variable, start in pairs]

    def evaluate(self, split: str) -> tuple[float, float]:
        """Loss and metric of the model as it is now on the `train` or the `test` split."""
        x, y = self._splits[split]
        size = min(len(x), TRAIN_EVALUATED) if split == "train" else len(x)
        return self._scores.of(x, y, size)

    def curvatures(self) -> tuple[float, float] | None:
        """The least and the largest curvature of the training loss (with penalties) at the model as it is now, over the first
        `CURVED` training examples, with the layers as in inference; None where they are not finite."""
        return self._hessian.curvatures(*(part[:CURVED] for part in self._splits["train"]))

    def _objective(self, x: Any, y: Any) -> Any:
        return tf.reduce_mean(self._loss(y, self._infer(x)[0])) + self._penalty()

    def _infer(self, x: Any) -> tuple[Any, Sequence[Any]]:
        return self.network.model(x, training=False), ()

    def _look(self, x: Any) -> tuple[Any, Sequence[Any]]:
        if not self._step_probes:
            return self._infer(x)
        seen = self.network.pass_through(x, training=False)
        return seen.outputs, seen.activation_inputs

    def _loop(
        self,
        weights: Sequence[Any],
        optimizer_start: Sequence[Any],
        batches: Any,
        learning_rates: Any,
        train: tuple[Any, Any],
        validation: tuple[Any, Any],
    ) -> dict[str, Any]:
        """The whole training, as one graph. What begins anew is assigned inside it: hundreds of eager assignments cost."""
        variables = [*self.network.model.weights, *self.optimizer.variables]
        for variable, value in zip(variables, [*weights, *optimizer_start], strict=True):
            variable.assign(value)
        slots = tf.constant(self._rows.slots(self.steps))

        def step(index: Any, finite: Any, clipped: Any, layer: Any, losses: Any, norms: Any, tables: Any) -> Any:
            self.optimizer.learning_rate.assign(learning_rates[index])
            slot = slots[index]
            batch = [tf.gather(part, batches[index]) for part in train]
            loss, gradients, look = self._differentiate(*batch)
            norm = global_norm(gradients)
            finite = tf.math.is_finite(loss) & tf.math.is_finite(norm)
            layer = tf.cond(finite, lambda: layer, lambda: self._where_it_began(loss, look))
            clipped += tf.cast(finite & clips(self._recipe["clipping"], gradients, norm), tf.int32)

            before = self._copy_kernels()
            self.optimizer.apply(gradients, self._weights)
            tables = tf.cond(
                slot >= 0,
                lambda: self._rows.write(tables, slot, self._measure(look, before, batch, validation)),
                lambda: list(tables),
            )
            return index + 1, finite, clipped, layer, losses.write(index, loss), norms.write(index, norm), tables

        curves = [tf.TensorArray(tf.float32, size=self.steps, element_shape=()) for _ in ("loss", "gradient_norm")]
        start = (tf.constant(0), tf.constant(True), tf.constant(0), tf.constant(-1), *curves, self._rows.empty())
        done, finite, clipped, layer, losses, norms, tables = tf.while_loop(
            lambda index, finite, *_: finite & (index < self.steps), step, start, parallel_iterations=1
        )
        return {
            "steps": tf.where(finite, done, done - 1),
            "finite": finite,
            "clipped": clipped,
            "nonfinite_layer": layer,
            "loss": losses.stack(),
            "gradient_norm": norms.stack(),
            **self._rows.named(tables),
        }

    def _differentiate(self, x: Any, y: Any) -> tuple[Any, list[Any], StepSnapshot]:
        """Loss of a batch (penalties apart), gradients of the weights (with penalties), and what the probes see."""
        with tf.GradientTape() as tape:
            seen = self.network.pass_through(x, training=True, tape=tape)
            loss = tf.reduce_mean(self._loss(y, seen.outputs))
            total = loss + self._penalty()
        watched = [[w.value for w in self._weights], seen.gradient_sources if self._step_probes else []]
        weights, z = tape.gradient(total, watched, unconnected_gradients="zero")
        kernels = [weights[i] for i in self.network.kernel_indices]
        return loss, weights, StepSnapshot(seen.pre_activations, z, kernels, seen.activations, self.network.recurrent)

    def _penalty(self) -> Any:
        l1, l2 = self._recipe["l1"], self._recipe["l2"]
        kernels = [self._weights[i].value for i in self.network.penalized_indices]
        total = tf.constant(0.0)
        if l1:
            total += l1 * tf.add_n([tf.reduce_sum(tf.abs(kernel)) for kernel in kernels])
        if l2:
            total += l2 * tf.add_n([tf.reduce_sum(tf.square(kernel)) for kernel in kernels])
        return total

    def _where_it_began(self, loss: Any, look: StepSnapshot) -> Any:
        if not self.network.taps:
            return tf.constant(0)
        return nonfinite_layer(loss, look) if self._step_probes else tf.constant(-1)

    def _copy_kernels(self) -> list[Any]:
        """The hidden layers' kernels as they are, for probes that compare them with what an update made of them."""
        return [tf.identity(tap.kernel.value) for tap in self.network.taps] if self._step_probes else []

    def _measure(
        self, look: StepSnapshot, before: Sequence[Any], batch: Sequence[Any], validation: tuple[Any, Any]
    ) -> dict[str, Any]:
        """A row of every trace, after the update."""
        found = dict(self._validation.measure(*validation, self._validated))
        row = {"validation_loss": found.pop("loss"), "validation_score": found.pop("score"), **found}
        after = [tap.kernel.value for tap in self.network.taps]
        look = dataclasses.replace(look, kernels_before=before, kernels_after=after)
        if self._landscape:
            rate = self.optimizer.learning_rate.value
            again = differentiating_again(self.network.model, lambda: self._differentiate(*batch)[:2])
            look = dataclasses.replace(look, weights=self._weights, learning_rate=rate, differentiate=again)
        for probe in self._step_probes:
            row |= probe.measure(look)
        return row
