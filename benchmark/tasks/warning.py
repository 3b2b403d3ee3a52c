"""A warning: what to know before believing a result."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ResultWarning:
    """What to know before believing a result.

    Attributes:
        text: one sentence.
        task: name of the task whose numbers it is about; None where it is about all of them.
    """

    text: str
    task: str | None = None

    def __str__(self) -> str:
        return self.text if self.task is None else f"{self.task}: {self.text}"

    def to_json(self) -> dict[str, str | None]:
        """As plain JSON: `task` and `text`."""
        return {"task": self.task, "text": self.text}
