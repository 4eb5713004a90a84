"""Networks run by LiteRT, the successor of TensorFlow Lite: written as model files from their weights, and run.

It starts in a fraction of TensorFlow's time and memory, and its kernels (XNNPACK) take half the processor time that
OpenCV takes for the same networks in the same numbers (`tests/benchmarks/bench_ratios.py` compares YuNet's).
"""
