"""Colour: how the hues of floor and light changed between two views, by a perceptron."""

from benchmark.pairs import Pairs
from benchmark.tasks.scores import r2_per_component, r2_pooled, r2_pooled_floor
from benchmark.tasks.task import Array, Outcome, Score, Subject, Task


class Color(Task):
    """R2 of the change of hue."""

    name = "color"
    version = 1
    main = "r2"
    definition = (
        "A perceptron with two hidden layers (ReLU), trained with mean squared error, says the second view's floor hue "
        "and light hue minus the first's, in turns, from the representations of both side by side. r2: one mean over "
        "both, as SIE does; r2_per_component: the mean of each one's own R2. SIE, section 5.1."
    )

    def measure(self, subject: Subject) -> Outcome:
        """Both R2 of each part."""
        outcome = Outcome()
        pairs = subject.evaluation

        def truth(asked: Pairs) -> Array:
            return asked.actions("color", subject.fields, subject.latents)

        target = truth(pairs)
        floor = r2_pooled_floor(target)
        for part, where in subject.representation_parts.items():
            said = subject.heads.regress(where, truth, pairs)
            outcome.add(Score("r2", part, r2_pooled(target, said), floor, "the best constant change", main=True))
            outcome.add(
                Score("r2_per_component", part, r2_per_component(target, said), 0.0, "the best constant change")
            )
        return outcome
