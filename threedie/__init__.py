"""Generate and benchmark 3DIEBench: images of 3D objects with known rotation, color and light."""
