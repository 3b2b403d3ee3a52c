"""Outcomes of tuning as text for the terminal, and as a Markdown table."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from threedie.benchmark.runs.estimate import span
from threedie.benchmark.runs.summary import aligned
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tuning.grid import Settings, as_words, in_words
from threedie.benchmark.tuning.outcome import Outcome, TaskScore, Try, outcome_file
from threedie.benchmark.tuning.rules import RULES, edges
from threedie.manifests.progress import titled

_MARK = "*"


def outcome_text(outcome: Outcome, method: str, data: Path, folder: Path) -> str:
    """The tries with the chosen one marked, what to know about the choice, and the commands that use it.

    Args:
        outcome: of a method.
        method: what `3die bench run` is given for it.
        data: the dataset, for the commands.
        folder: of the outcome.
    """
    tasks = outcome.grid.tasks
    table = [["", "settings", "score", *(_task_title(outcome, task) for task in tasks), "images", "time"]]
    for index, each in enumerate(outcome.tries):
        mark = _MARK if index == outcome.chosen else ""
        cells = [_score_text(result) for result in each.results] or ["failed", *[""] * (len(tasks) - 1)]
        score = "" if each.score is None else f"{each.score:.3f}"
        table.append([mark, _differences(outcome, index), score, *cells, f"{each.images:,}", _time(each)])
    title = f"{outcome.method}, grid {outcome.grid.name}"
    if shared := {**outcome.arguments, **_same(outcome)}:
        title += f"; in all tries {in_words(shared)}"
    lines = [title, "", aligned(table), "", *_remarks(outcome)]
    lines.append(titled("outcome", str(outcome_file(folder, outcome.method))))
    if outcome.chosen is not None:
        command = f"3die bench run {method} --data {shlex.quote(str(data))} --recipe {outcome.grid.recipe}"
        options = "".join(f" --set {shlex.quote(word)}" for word in as_words(outcome.chosen_settings))
        lines += [titled("next", f"{command}{options}"), titled("or", f"{command} --tuned {shlex.quote(str(folder))}")]
    return "\n".join(lines)


def _remarks(outcome: Outcome) -> Iterator[str]:
    for index, each in enumerate(outcome.tries):
        if each.failure is not None:
            yield titled("failed", f"{_differences(outcome, index)}: {each.failure}")
    if outcome.chosen is None:
        yield titled("warning", "every try failed: nothing is chosen; tune with another grid")
        return
    for index in outcome.equals:
        yield titled("tie", f"{_differences(outcome, index)} has the same score; the first one is chosen")
    for edge in edges([each.settings for each in outcome.tries], outcome.chosen):
        yield titled("edge", f"{edge}: the best may lie beyond")


def markdown(outcomes: Sequence[Outcome]) -> str:
    """A table for each grid and dataset: a row for each method, its tries with their scores, the chosen one bold."""
    groups: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in outcomes:
        grid = outcome.grid
        key = (grid.name, grid.recipe, str(grid.epochs), grid.rule, *grid.tasks, str(outcome.source["fingerprint"]))
        groups.setdefault(key, []).append(outcome)
    return "\n\n".join("\n".join(_table(group)) for group in groups.values())


def _table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    first = outcomes[0]
    grid, data = first.grid, first.data
    images = sorted({each.images for outcome in outcomes for each in outcome.tries})
    count = f"{images[0]:,}" if len(images) == 1 else f"{images[0]:,} to {images[-1]:,}"
    yield (
        f"**Grid {grid.name}, recipe {grid.recipe}.** {len(first.tries)} tries of {count} images for each method, on "
        f"{data['train_objects']:,} training objects of dataset `{str(first.source['fingerprint'])[:12]}`; chosen by "
        f"{data['val_objects']:,} others of its training objects. Score: {RULES[grid.rule].definition}."
    )
    yield ""
    titles = " | ".join(_task_title(first, task) for task in grid.tasks)
    yield f"| Method | Same in all tries | Score of each try | {titles} |"
    yield f"|---|---|---|{'---:|' * len(grid.tasks)}"
    for outcome in outcomes:
        tries = "<br>".join(_try_text(outcome, index) for index in range(len(outcome.tries)))
        chosen = outcome.tries[outcome.chosen] if outcome.chosen is not None else None
        cells = [_score_text(result) for result in chosen.results] if chosen else ["–"] * len(grid.tasks)
        shared = {**outcome.arguments, **_same(outcome)}
        fixed = in_words(shared) if shared else ""
        yield _escaped(f"| {outcome.method} | {fixed} | {tries} | {' | '.join(cells)} |")
    yield ""
    yield f"The chosen try is bold; the last {len(grid.tasks)} columns are its scores with their 95 % intervals."


def _same(outcome: Outcome) -> Settings:
    """Settings that all tries share; none where there is a single try."""
    first, *others = (each.settings for each in outcome.tries)
    shared = {key: value for key, value in first.items() if all(each.get(key) == value for each in others)}
    return shared if others else {}


def _differences(outcome: Outcome, index: int) -> str:
    """What sets a try apart from the others."""
    same = _same(outcome)
    return in_words({key: value for key, value in outcome.tries[index].settings.items() if key not in same})


def _try_text(outcome: Outcome, index: int) -> str:
    each = outcome.tries[index]
    text = f"{_differences(outcome, index)}: {'failed' if each.score is None else f'{each.score:.3f}'}"
    return f"**{text}**" if index == outcome.chosen else text


def _escaped(line: str) -> str:
    return line.replace("_", r"\_")


def _task_title(outcome: Outcome, task: str) -> str:
    """A task with its main score, as the tables of results name them."""
    declared_task = TASKS.get(task)
    metric = next((result.metric for each in outcome.tries for result in each.results if result.task == task), None)
    declared = declared_task.metric(metric) if declared_task and metric else None
    return f"{declared_task.title}, {declared.title}" if declared_task and declared else task


def _score_text(score: TaskScore) -> str:
    """A value and its interval, in the unit that tables show."""
    declared_task = TASKS.get(score.task)
    metric = declared_task.metric(score.metric) if declared_task else None
    factor, digits = (100 if metric and metric.percent else 1), metric.digits if metric else 3
    interval = score.interval
    ends = "" if interval is None else f" [{', '.join(f'{factor * end:.{digits}f}' for end in interval)}]"
    return f"{factor * score.value:.{digits}f}{ends}"


def _time(each: Try) -> str:
    return "" if each.evaluate_s is None else span((each.train_s or 0) + each.evaluate_s)
