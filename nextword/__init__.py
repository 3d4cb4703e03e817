"""The language model and the words it predicts."""

import os

# onnxruntime else keeps a device's id and reports each session (Privacy.md in its package).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
