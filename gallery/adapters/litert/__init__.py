"""Networks run by LiteRT, the successor of TensorFlow Lite: written as model files from their weights, and run.

LiteRT needs a hundredth of the time that TensorFlow takes to start and a seventh of its memory, and its kernels
(XNNPACK) run both our networks faster than any other runtime tried (`tests/benchmarks/bench_sface.py`,
`bench_vgg_face.py`).
"""
