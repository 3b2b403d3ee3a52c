"""Result records to test with."""

import hashlib
import math
from typing import Any

PARTS = ("all", "invariant", "equivariant")


def result(
    task: str, metric: str, part: str, value: float, floor: float | None = 0.0, **changes: Any
) -> dict[str, Any]:
    row = {
        "task": task,
        "version": 1,
        "metric": metric,
        "part": part,
        "input": "representation",
        "value": value,
        "floor": floor,
        "floor_note": "the best constant",
        "higher_is_better": True,
        "main": True,
    }
    return {**row, **changes}


def make_record(
    method: str = "sie",
    seed: int = 0,
    top1: float = 0.5,
    rotation: float = 0.4,
    data: str = "a",
    protocol: str = "quick",
    parts: tuple[str, ...] = PARTS,
    **changes: Any,
) -> dict[str, Any]:
    def sha(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    results = []
    for part in parts:
        results += [
            result("classification", "top1", part, top1, 1 / 12, floor_note="chance over 12 classes"),
            result("rotation", "r2", part, rotation, 0.2291),
            result("rotation", "geodesic_mean_deg", part, 80 - 10 * rotation, 92.1, higher_is_better=False, main=False),
        ]
    checkpoint = sha(f"{method} {seed} {data} {protocol}")
    record = {
        "schema": 2,
        "id": f"{method.replace(' ', '-')}-mini-s{seed}-{checkpoint[:8]}",
        "origin": {"kind": "measured"},
        "protocol": {"name": protocol, "version": 1},
        "method": {"name": method, "options": {}, "parts": list(parts), "parameters": 17_185_196},
        "dataset": {
            "fingerprint": sha(data),
            "images_sha256": sha(f"images {data}"),
            "preset": "3diebench",
            "models": {"source": "embedded"},
            "objects": 246,
            "views": 50,
            "image_size": 64,
            "classes": 12,
            "train_objects": 197,
            "val_objects": 49,
            "split": "hash-80-20",
        },
        "config": {"name": "mini", "epochs": 200, "learning_rate": 0.001},
        "seed": seed,
        "code": {"version": "0.1.0", "commit": "0ab674d", "modified": False},
        "checkpoint": {"sha256": checkpoint, "epochs": 3, "steps": 36},
        "hardware": {"device": "cpu", "processor": "a processor", "cores": 2, "memory_gib": 24.0, "gpus": []},
        "libraries": {"python": "3.11.2", "torch": "2.9.0"},
        "times": {"started": "2026-01-02T03:04:05Z", "train_s": 412.3, "features_s": 30.1, "tasks_s": 25.2},
        "results": results,
        "curves": {"epoch": [1, 2, 3], "loss": [math.pi, 2.0, None], "variance": [1.0, 1.0, 1.0]},
        "warnings": [],
    }
    record |= changes
    if record["warnings"] is not None:
        record["warnings"] = [warning(each) if isinstance(each, str) else each for each in record["warnings"]]
    return record


def warning(text: str, task: str | None = None) -> dict[str, Any]:
    return {"task": task, "text": text}


HOSTILE = [
    "<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "</style></title></textarea><svg/onload=alert(1)>",
    "{{7*1111}}{% raw %}", "|a|b|", "`code`", "**bold** _it_ ~~no~~ [link](javascript:alert(1)) ![x](http://x/y)",
    "$x^2$ \\input{/etc/passwd} %comment #1 &amp; ~^", "=cmd|'/C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "＝1+1",
    "<!-- leaderboard: end -->", "--> <b>x</b>", "1. one", "- two", "# head", "> quote", "```", "&lt;b&gt;", "é中文🙂",
]  # fmt: skip


def hostile_record(text: str, free: str | None = None) -> dict[str, Any]:
    """A record with a text in every field that takes one; `free`, where line breaks and all else are taken."""
    free = text if free is None else free
    record = make_record(warnings=[free])
    record["method"] |= {"name": text, "options": {free: free}}
    record["protocol"]["name"] = text
    record["dataset"] |= {"preset": text, "split": text, "models": {free: free}, "more": free}
    record["config"] = {"name": text, free: free, "deep": {free: [free]}}
    record["code"] |= {"version": free}
    record["hardware"] |= {"processor": free, "device": text, "gpus": [free, {free: free}]}
    record["libraries"] = {free: free}
    record["curves"] = {"epoch": [1], free: [1.0]}
    record["results"] = [
        {**row, "task": text, "metric": f"{row['metric']} {text}", "floor_note": text} for row in record["results"]
    ]
    return record
