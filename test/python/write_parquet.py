"""write_parquet.py FOLDER OUT: the files of a folder as images in Parquet files of every compression and encoding.

Prints their names, without their ending.
"""

import json
import os
import sys

import pyarrow as pa
import pyarrow.parquet as pq

folder, out = sys.argv[1:]
names = sorted(os.listdir(folder))
images = [{"bytes": open(os.path.join(folder, name), "rb").read(), "path": f"é{name}.jpg"} for name in names]
features = {"image": {"_type": "Image"}, "label": {"names": ["rose", "ant", "lily"], "_type": "ClassLabel"}}
table = pa.table(
    {
        "image": pa.array(images, pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        "label": pa.array([i % 3 for i in range(len(images))], pa.int64()),
    }
).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})

forms = {
    "usual": {},
    "groups": {"row_group_size": 7},
    "small-pages": {"data_page_size": 1, "write_batch_size": 2},
    "plain": {"use_dictionary": False},
    "pages-v2": {"data_page_version": "2.0"},
    "pages-v2-plain": {"data_page_version": "2.0", "use_dictionary": False, "compression": "NONE"},
    "indexed": {"write_page_index": True},
    "checked": {"write_page_checksum": True},
    "lengths": {"use_dictionary": False, "column_encoding": {"image.bytes": "DELTA_LENGTH_BYTE_ARRAY"}},
    "differences": {"use_dictionary": False, "column_encoding": {"image.bytes": "DELTA_BYTE_ARRAY"}},
    **{name: {"compression": name.upper()} for name in ("none", "gzip", "brotli", "zstd", "lz4")},
}
for name, options in forms.items():
    pq.write_table(table, os.path.join(out, f"{name}.parquet"), **options)
    print(name)
