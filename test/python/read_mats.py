"""What scipy reads in MATLAB files: python read_mats.py DIR writes some to DIR, and prints as JSON, of these, of the files that scipy's own
tests have (written by MATLAB 5 to 7.4 on several machines), and of further arguments, the variables of each.

An array is {sides, numbers}, {rows}, {sides, cells} or {count, fields}, in column-major order; null: of a sort that lists of data sets
do not have (complex, sparse, objects, functions, fields of equal names). A file that scipy does not read as one of level 5 is null."""

import json
import os
import sys
import warnings

import numpy as np
import scipy.io
from scipy.io.matlab import MatlabFunction, MatlabObject, MatlabOpaque

warnings.simplefilter("ignore")


def plain(value):
    if isinstance(value, (MatlabFunction, MatlabObject, MatlabOpaque)) or not isinstance(value, np.ndarray):
        return None
    if value.dtype.names is not None or value.dtype == np.dtype([]):
        names = value.dtype.names or ()
        if any(name.startswith("_") for name in names):  # What scipy calls the second of two equal names.
            return None
        fields = {name: [plain(one) for one in value[name].ravel(order="F")] for name in names}
        return {"count": value.size if names else 0, "fields": fields}
    if value.dtype.kind == "U":
        return {"rows": [text.rstrip(" ") for text in value.ravel(order="F").tolist()]}
    if value.dtype.kind == "O" and value.size > 0 and all(one is None for one in value.flat):
        return {"count": 0, "fields": {}}  # A struct without fields.
    if value.dtype.kind == "O":
        return {"sides": list(value.shape), "cells": [plain(one) for one in value.ravel(order="F")]}
    if value.dtype.kind == "c":
        return None
    return {"sides": list(value.shape), "numbers": [float(number) for number in value.ravel(order="F")]}


def write(folder):
    rng = np.random.default_rng(5)
    names = np.empty((1, 3), dtype=object)
    names[0] = ["Audi S4 Sedan 2012", "Citroën DS", ""]
    structs = np.empty((1, 4), dtype=[(name, object) for name in ("class", "fname", "inner")])
    for i in range(4):
        structs[0, i] = (np.uint8(i + 1), f"{i + 1:05}.jpg", {"deep": names, "n": np.arange(i)})
    variables = {
        "labels": rng.integers(1, 103, (1, 60)).astype(np.uint8),
        "setid": np.arange(500, 560.0).reshape(1, -1),
        "table": rng.normal(size=(3, 4)),
        "solid": rng.integers(-5, 5, (2, 3, 2)).astype(np.int16),
        "big": np.array([[2**40, -(2**40)]]),
        "single": rng.normal(size=(2, 2)).astype(np.float32),
        "flags": np.array([[True, False, True]]),
        "matrix": np.array(["n01440764", "n0", "x"]),
        "empty": np.zeros((0, 3)),
        "class_names": names,
        "annotations": structs,
    }
    paths = []
    for packed in (False, True):
        paths.append(os.path.join(folder, f"written-{packed}.mat"))
        scipy.io.savemat(paths[-1], variables, do_compression=packed)
    return paths


def main():
    folder, *paths = sys.argv[1:]
    paths += write(folder)
    own = os.path.join(os.path.dirname(scipy.io.__file__), "matlab", "tests", "data")
    if os.path.isdir(own):
        paths += sorted(os.path.join(own, name) for name in os.listdir(own) if name.endswith(".mat"))
    found = {}
    for path in paths:
        found[path] = None
        try:
            with open(path, "rb") as file:
                if scipy.io.matlab.matfile_version(file)[0] != 1:
                    continue
            loaded = scipy.io.loadmat(path)
        except Exception:  # Damaged on purpose: some of scipy's are.
            continue
        found[path] = {name: plain(value) for name, value in loaded.items() if not name.startswith("__")}
    print(json.dumps(found))


main()
