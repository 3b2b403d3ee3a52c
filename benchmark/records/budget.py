"""How many images a method was trained on, computed from its record."""

from threedie.benchmark.records.record import Record

_VIEWS_OF_A_PAIR = 2


def images_seen(record: Record) -> int | None:
    """Images that the method saw in training: epochs x passes x training objects x 2; 0 without any training.

    None if the record doesn't say it, as for imported weights, published numbers, and runs that were trained on a
    dataset that the record doesn't describe.
    """
    epochs = (record["checkpoint"] or {"epochs": None})["epochs"]
    if epochs == 0:
        return 0
    passes, objects = (record["config"] or {}).get("passes"), _training_objects(record)
    if not epochs or not objects or type(passes) is not int or passes < 1:
        return None
    return epochs * passes * objects * _VIEWS_OF_A_PAIR


def _training_objects(record: Record) -> int | None:
    """Training objects of the dataset that the method was trained on; None if the record doesn't describe it."""
    trained_on = (record["config"] or {}).get("trained_on", record["dataset"]["fingerprint"])
    for dataset in (record["dataset"], record.get("trained_on")):
        if dataset is not None and trained_on is not None and dataset["fingerprint"] == trained_on:
            return dataset["train_objects"]
    return None
