"""A rendering process without Blender, that fails in the way its object's id asks for."""

import os
import signal
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from threedie.manifests.dataset_info import DatasetObject
from threedie.manifests.dataset_writer import write_part
from threedie.manifests.parts import part_path
from threedie.render.messages import ObjectDone, ObjectFailed, Probe, Probed, Ready, Setup, Stop, Task, ViewDone

MADE = {"renderer": "fake"}


def main() -> None:
    pipe = Connection(int(sys.argv[1]))
    setup: Setup = pipe.recv()
    if (setup.parts / "refuse-to-start").exists():
        sys.exit("libMissing.so: cannot open shared object file")
    pipe.send(Ready(MADE))
    while True:
        try:
            message = pipe.recv()
        except EOFError:
            return
        if isinstance(message, Probe):
            pipe.send(Probed(0.001, (0.001,) * len(message.sizes), (100.0,) * len(message.sizes)))
        else:
            serve(pipe, setup, message)


def first_time(setup: Setup, task: Task) -> bool:
    mark = Path(setup.scratch) / f"{task.ref.object_id}.tried"
    new = not mark.exists()
    mark.touch()
    return new


def serve(pipe: Connection, setup: Setup, task: Task) -> None:
    behavior = task.ref.object_id.split("-")[0]
    print(f"working on {task.ref}", flush=True)
    path = part_path(setup.parts, task.ref)
    pipe.send(ViewDone())
    if behavior == "crash" or (behavior == "crashonce" and first_time(setup, task)):
        os.kill(os.getpid(), signal.SIGSEGV)
    elif behavior == "slow":
        time.sleep(0.25)
    elif behavior == "killparent":
        os.kill(os.getppid(), signal.SIGKILL)
        os._exit(0)
    elif behavior == "exit":
        os._exit(0)
    elif behavior == "hang":
        time.sleep(3600)
    elif behavior == "leak":
        ballast = b"x" * (400 << 20)
        time.sleep(3600)
        del ballast
    elif behavior == "babble":
        pipe.send_bytes(b"\x80\x05not a pickle")
        time.sleep(3600)
    elif behavior == "nonsense":
        pipe.send({"what": "is this"})
        time.sleep(3600)
    elif behavior == "liar":
        pipe.send(ObjectDone(()))
        return
    elif behavior == "garbage":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not HDF5 at all")
        pipe.send(ObjectDone(()))
        return
    elif behavior == "bad":
        pipe.send(ObjectFailed(f"{task.ref}: no faces"))
        return
    elif behavior == "full":
        pipe.send(Stop("the disk is full"))
        return
    jpegs = [b"\xff\xd8" + task.ref.object_id.encode() + bytes([view]) for view in range(setup.info.views)]
    write_part(path, setup.info, MADE, DatasetObject(task.ref, task.split, task.latents, jpegs))
    if behavior == "diesafter":
        os.kill(os.getpid(), signal.SIGKILL)
    pipe.send(ObjectDone(("a texture is missing",) if behavior == "warn" else ()))


if __name__ == "__main__":
    main()
