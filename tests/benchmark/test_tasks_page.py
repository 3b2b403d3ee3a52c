"""The table of tasks in docs/benchmark.md; `python tests/benchmark/test_tasks_page.py` writes it again."""

from pathlib import Path

from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.task import Task

PAGE = Path(__file__).parents[2] / "docs" / "benchmark.md"
BEGIN, END = "<!-- tasks: begin -->\n", "\n<!-- tasks: end -->"


def needs(task: Task) -> str:
    """What a task can't do without, in short."""
    wanted = task.needs
    words = ["a predictor"] if wanted.predictor else []
    words += ["images without latents"] if wanted.pictures else []
    words += ["unit cells of photonic crystals"] if wanted.cells else []
    words += ["classes"] if wanted.labels else []
    words += [f"{wanted.views} views"] if wanted.views > 1 else []
    words += [", ".join(dict.fromkeys(f"`{name}`" for name in wanted.fields))] if wanted.fields else []
    return "; ".join(words).replace("`rotation_x`, `rotation_y`, `rotation_z`", "rotation").replace(
        "`translation_x`, `translation_y`, `translation_z`", "translation"
    )  # fmt: skip


def tasks_table() -> str:
    """A row for each task."""
    lines = ["| task | measures | needs | main score | about |", "|---|---|---|---|---|"]
    for name, task in TASKS.items():
        summary = (type(task).__doc__ or "").split("\n")[0].rstrip(".")
        metric = task.metric(task.main)
        assert metric is not None
        lines.append(
            f'| <a id="task-{name}"></a>`{name}` | {summary} | {needs(task)} | {metric.title} | {task.input} |'
        )
    return "\n".join(lines)


def replaced(text: str) -> str:
    """The page with its table made anew."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + tasks_table() + END + rest.split(END)[1]


def test_the_table_is_what_the_tasks_declare() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert replaced(text) == text, "run: python tests/benchmark/test_tasks_page.py"


if __name__ == "__main__":
    PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
