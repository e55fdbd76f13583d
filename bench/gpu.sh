#!/usr/bin/env bash
# bench/gpu.sh [--out DIR] [--parts LIST] [--limit SECONDS] [--device cuda] [--pack DIR] [--data DIR] [--epochs N]
#
# Everything that can only be shown on a machine with a card, in one command and offline: builds there, tests there, measures beside
# Python PyTorch there. Needs bash, g++, CMake, Python 3 with a CUDA build of torch (or BYOL_LIBTORCH), and Node: BYOL_NODE, that of
# bench/pack-gpu.sh, or the one on the PATH. What fails or hangs is said, and the next part is done.
#
# Parts, in this order unless others are named: build, tests, step, augment, train, knn, lightly, sanitizer, autotune.
# DIR gets results.json, summary.txt and logs.tar.gz, anew after each part. Takes --device cpu too: to try it.
set -u -o pipefail
cd "$(dirname "$0")/.."
here=$PWD

out=gpu-results parts=build,tests,step,augment,train,knn,lightly,sanitizer limit=3600 device=cuda pack=.gpu data= epochs=200
only=
usage() { sed -n '2,9s/^# \{0,1\}//p' "$here/bench/gpu.sh"; }
while [ $# -gt 0 ]; do
  case $1 in
    --help) usage; exit 0 ;;
    --out | --parts | --limit | --device | --pack | --data | --epochs | --only)
      [ $# -ge 2 ] || { echo "$1 needs a value" >&2; exit 2; }
      declare "${1#--}=$2"; shift 2 ;;
    *) echo "bench/gpu.sh: what is $1? $(usage)" >&2; exit 2 ;;
  esac
done

# Seconds that each part may take; what is left of --limit if that is less.
declare -A limits=([build]=420 [tests]=240 [step]=420 [augment]=90 [train]=1800 [knn]=120 [lightly]=120 [sanitizer]=300 [autotune]=1200)
for part in ${parts//,/ }; do
  [ -n "${limits[$part]:-}" ] || { echo "There is no part $part; there are: ${!limits[*]}" >&2; exit 2; }
done

mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$here/.gpu-work
mkdir -p "$work"
source bench/gpu/parts.sh

if [ -n "$only" ]; then
  "part_$only"
  exit
fi

unpack
node=$(find_node) || { echo "There is no Node.js: name one by BYOL_NODE, or pack one by bench/pack-gpu.sh." >&2; exit 2; }
began=$SECONDS
rm -f "$work"/*.{log,json,txt} "$work"/status
facts > "$work/facts.json"
for part in ${parts//,/ }; do
  left=$((limit - (SECONDS - began)))
  allowed=$((limits[$part] < left ? limits[$part] : left))
  started=$SECONDS
  if [ "$allowed" -lt 5 ]; then
    echo "$part none 0" >> "$work/status"
    continue
  fi
  echo "== $part (at most $allowed s)"
  BYOL_NODE=$node PART_LIMIT=$allowed timeout --signal=TERM --kill-after=15 "$allowed" \
    bash "$here/bench/gpu.sh" --only "$part" --out "$out" --device "$device" --data "$data" --epochs "$epochs" \
    > "$work/$part.log" 2>&1 < /dev/null
  status=$?
  case $status in
    0) word=done ;;
    124 | 137) word="stopped" ;;
    *) word="failed" ;;
  esac
  [ "$word" = done ] || tail -n 25 "$work/$part.log" | cut -c1-240
  echo "$part $word $((SECONDS - started))" >> "$work/status"
  collect
done
collect
cat "$out/summary.txt"
! grep -qE ' (failed|stopped|none) ' "$work/status"
