"""Photonic crystals: random unit cells, their band structure and their density of states."""
