"""`python -m threedie` and `torchrun -m threedie`: the `3die` command."""

from threedie.cli import main

if __name__ == "__main__":
    main()
