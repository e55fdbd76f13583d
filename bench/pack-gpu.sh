#!/usr/bin/env bash
# bench/pack-gpu.sh [--out DIR] [--data DIR] [--node FILE]
#
# Packs into DIR (.gpu), for a machine with a card and no network, what bench/gpu.sh needs beside the checkout: tools.tar.gz has Node.js,
# the packages of the build and the tests, and the compiled TypeScript; cifar-N.tar.gz have CIFAR-10's binary batches
# (--data, else data/cifar-10-batches-bin). None is larger than 60 MiB, so that they can travel one by one. Needs npm packages in
# node_modules.
set -eu -o pipefail
cd "$(dirname "$0")/.."

out=.gpu data=data/cifar-10-batches-bin node=$(command -v node)
while [ $# -gt 0 ]; do
  case $1 in
    --out | --data | --node) declare "${1#--}=$2"; shift 2 ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done
LARGEST=$((60 * 1024 * 1024))

mkdir -p "$out"
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT

"$node" node_modules/typescript/bin/tsc -p .
mkdir -p "$staging/.gpu-node/bin" "$staging/node_modules"
cp "$(readlink -f "$node")" "$staging/.gpu-node/bin/node"
strip "$staging/.gpu-node/bin/node" 2> /dev/null || true
cp -R dist "$staging/dist"
# What the lock file calls needed at run time, optional packages left out: sharp's library alone is 17 MB, and nothing here
# decodes photos. Without what only a person reads.
"$node" -e '
  const { packages } = JSON.parse(require("fs").readFileSync("package-lock.json", "utf8"));
  for (const [name, { dev, optional, devOptional }] of Object.entries(packages))
    if (name !== "" && !dev && !optional && !devOptional) console.log(name);' > "$staging/packages"
tar -cf - --exclude='*.md' --exclude='*.map' --exclude='*.d.ts' --exclude='*.d.cts' --exclude='*.d.mts' \
  -T "$staging/packages" | tar -xf - -C "$staging"
tar -czf "$out/tools.tar.gz" -C "$staging" .gpu-node dist node_modules
rm -f "$out"/cifar-*.tar.gz

if [ -f "$data/data_batch_1.bin" ]; then
  folder=$staging/.gpu-data/cifar-10-batches-bin
  number=0
  # Two batches are 59 MiB, and compress to less.
  for pair in "data_batch_1.bin test_batch.bin batches.meta.txt" "data_batch_2.bin data_batch_3.bin" "data_batch_4.bin data_batch_5.bin"; do
    number=$((number + 1))
    rm -rf "$folder"
    mkdir -p "$folder"
    for file in $pair; do cp "$data/$file" "$folder/"; done
    chmod -R u+w "$folder"
    tar -czf "$out/cifar-$number.tar.gz" -C "$staging" .gpu-data
  done
else
  echo "No CIFAR-10 in $data: the parts train, knn and lightly will have no images."
fi

for archive in "$out"/*.tar.gz; do
  size=$(wc -c < "$archive")
  printf '%s %s MiB\n' "$archive" $((size / 1048576))
  [ "$size" -le $LARGEST ] || { echo "$archive is larger than 60 MiB." >&2; exit 1; }
done
