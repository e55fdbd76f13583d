"""Features of an ONNX model by Python's onnxruntime. Argument: a JSON file with `model`, `inputs` (each `name`, `file` of raw numbers, `type`,
`shape`), `threads` and `out`, where the features of all inputs are written to as float32, one after the other."""

import json
import sys

import numpy
import onnxruntime


def main():
    with open(sys.argv[1]) as file:
        job = json.load(file)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = job["threads"]
    session = onnxruntime.InferenceSession(job["model"], options, providers=["CPUExecutionProvider"])
    with open(job["out"], "wb") as out:
        for given in job["inputs"]:
            values = numpy.fromfile(given["file"], given["type"]).reshape(given["shape"])
            (features,) = session.run(["features"], {given["name"]: values})
            out.write(features.astype("<f4").tobytes())


main()
