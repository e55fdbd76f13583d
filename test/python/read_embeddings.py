"""Reads what embedToFile() wrote in four formats with the libraries that people read such files with, and compares them."""

import csv
import sys

import numpy
import pyarrow
import pyarrow.parquet
from safetensors import safe_open

folder = sys.argv[1]
array = numpy.load(f"{folder}/npy/whole.npy")
assert array.dtype == numpy.float32
with open(f"{folder}/npy/whole.csv", newline="", encoding="utf-8") as file:
    index = list(csv.DictReader(file))
files, classes = [row["file"] for row in index], [row["class"] for row in index]
labels = [int(row["label"]) for row in index]

table = pyarrow.parquet.read_table(f"{folder}/parquet/whole.parquet")
assert table.column_names == ["split", "image", "file", "label", "class", "embedding"], table.column_names
embeddings = table["embedding"]
assert embeddings.type.value_type == pyarrow.float32(), embeddings.type
values = embeddings.combine_chunks().flatten().to_numpy().reshape(array.shape)
assert numpy.array_equal(values, array)
assert table["file"].to_pylist() == files
assert table["label"].to_pylist() == labels
assert table["class"].to_pylist() == classes
assert table["image"].to_pylist() == [int(row["image"]) for row in index]

with safe_open(f"{folder}/safetensors/whole.safetensors", "numpy") as file:
    assert numpy.array_equal(file.get_tensor("embeddings"), array)
    assert file.get_tensor("labels").tolist() == labels

with open(f"{folder}/csv/whole.csv", newline="", encoding="utf-8") as file:
    rows = list(csv.reader(file))[1:]
assert numpy.array_equal(numpy.array([row[6:] for row in rows], dtype=numpy.float32), array)
assert [row[3] for row in rows] == files
print(f"{array.shape[0]} rows of {array.shape[1]} agree")
