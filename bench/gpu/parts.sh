# The parts of bench/gpu.sh: a function each, which runs in a process of its own, with the log as its output.
# shellcheck shell=bash disable=SC2154

# What bench/pack-gpu.sh made and came along: each archive once, over what an older one left.
unpack() {
  local archive sum
  for archive in "$pack"/*.tar.gz; do
    [ -f "$archive" ] || continue
    sum=$work/unpacked-$(basename "$archive")
    [ -f "$sum" ] && [ "$(cat "$sum")" = "$(cksum < "$archive")" ] && continue
    tar -xzf "$archive" -C "$here" && cksum < "$archive" > "$sum"
  done
}

find_node() {
  local candidate
  for candidate in "${BYOL_NODE:-}" "$here/.gpu-node/bin/node" "$(command -v node || true)"; do
    [ -n "$candidate" ] && "$candidate" --version > /dev/null 2>&1 && { echo "$candidate"; return; }
  done
  return 1
}

find_data() {
  local candidate
  for candidate in "$data" "$here/.gpu-data/cifar-10-batches-bin" "$here/data/cifar-10-batches-bin"; do
    [ -f "$candidate/data_batch_1.bin" ] && [ -f "$candidate/test_batch.bin" ] && { echo "$candidate"; return; }
  done
  echo "CIFAR-10's binary batches are not there: --data DIR, or bench/pack-gpu.sh --data DIR" >&2
  return 1
}

# Those of the five batches that are there, as a setting.
batches_in() {
  local numbers=() n
  for n in 1 2 3 4 5; do [ -f "$1/data_batch_$n.bin" ] && numbers+=("$n"); done
  local IFS=,
  echo "data.batches=[${numbers[*]}]"
}

facts() {
  python3 - "$device" "$parts" <<'PY' 2> "$work/facts.log" || echo '{}'
import json, os, platform, subprocess, sys
facts = {"device": sys.argv[1], "parts": sys.argv[2], "platform": platform.platform(), "cores": os.cpu_count()}
try:
    import torch
    facts["torch"] = torch.__version__
    if torch.cuda.is_available():
        facts["card"] = torch.cuda.get_device_name(0)
        facts["capability"] = ".".join(map(str, torch.cuda.get_device_capability(0)))
except ImportError:
    pass
query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,clocks.sm,temperature.gpu", "--format=csv,noheader"]
try:
    facts["smi"] = subprocess.run(query, capture_output=True, text=True, timeout=20).stdout.strip()
except (OSError, subprocess.TimeoutExpired):
    pass
print(json.dumps(facts))
PY
}

# results.json, summary.txt and logs.tar.gz of what has been done so far.
collect() {
  python3 "$here/bench/gpu/collect.py" "$work" "$out" || echo "bench/gpu/collect.py failed; what there is lies in $work" | tee "$out/summary.txt"
}

byol() { "$BYOL_NODE" "$here/dist/lib/cli/main.js" "$@"; }

# byol bench into $work/step-NAME.json.
measure_step() {
  local name=$1
  shift
  byol bench --device "$device" --json "$work/step-$name.json" "$@"
}

part_build() {
  local torch
  if [ -z "${BYOL_LIBTORCH:-}" ]; then
    torch=$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))') || return
    export BYOL_LIBTORCH=$torch
  fi
  if [ ! -d node_modules/cmake-js ]; then
    echo "node_modules is not there: bring what bench/pack-gpu.sh made, or run npm ci" >&2
    return 1
  fi
  "$BYOL_NODE" scripts/build-native.cjs --tests || return
  [ -d dist/lib ] || "$BYOL_NODE" node_modules/typescript/bin/tsc -p . || return
  byol doctor
}

part_tests() {
  local status=0 log=$work/tests-tap.log
  BYOL_GPU_TEST_DEVICE=$device "$BYOL_NODE" --test --test-reporter=tap --test-concurrency=1 dist/test/gpu/*.test.js \
    > "$log" 2>&1 || status=1
  cat "$log"
  "$BYOL_NODE" scripts/test.cjs native || status=1
  return $status
}

part_step() {
  local modes=eager status=0
  [ "$device" = cpu ] || modes=eager,default,reduce-overhead
  # The machine's CPU does what a test of this script can do in its time.
  if [ "$device" = cpu ]; then
    measure_step resnet18-32-b256 --preset shapes --batch-size 32 --steps 5 --python "$modes" --side-limit 120
    return
  fi
  for batch in 256 512; do
    measure_step "resnet18-32-b$batch" --preset cifar10 --batch-size $batch --precision bfloat16 --steps 60 --python $modes --side-limit 120 || status=1
  done
  measure_step resnet50-224-b256 --preset imagenet-100 --batch-size 256 --precision bfloat16 --steps 50 --python $modes --side-limit 150 || status=1
  return $status
}

# Both official views with all their operations; images/s without anything beside it.
part_augment() {
  local status=0 small=(--preset cifar10 --batch-size 512) large=(--preset imagenet-100 --batch-size 256)
  local views="views.pipelines=$("$BYOL_NODE" -e 'import(process.argv[1]).then(({ officialViews }) => console.log(JSON.stringify(officialViews)))' "$here/dist/lib/augment/pipeline.js")"
  if [ "$device" = cpu ]; then
    measure_step views-32 --preset shapes --set "$views" --batch-size 32 --steps 5 --python none
    return
  fi
  measure_step views-32 "${small[@]}" --set "$views" --precision bfloat16 --steps 50 --python none || status=1
  measure_step views-224 "${large[@]}" --precision bfloat16 --steps 50 --python none || status=1
  return $status
}

# ResNet-18 on CIFAR-10 by the recipe of lightly's published benchmark, with its curve of kNN.
part_train() {
  local folder preset=cifar10 settings=()
  folder=$(find_data) || return
  [ "$device" = cpu ] && preset=cifar10-small settings=(--set encoder.width=8 --set evaluation.linear.atEnd=false)
  settings+=(--set "$(batches_in "$folder")" --set "data.path=$folder" --set "evaluation.knn.everyEpochs=5")
  rm -rf "$work/run"
  # Stopped in time it says what it has come to.
  timeout --signal=INT $((PART_LIMIT - 20)) "$BYOL_NODE" "$here/dist/lib/cli/main.js" train --preset $preset --device "$device" --epochs "$epochs" \
    "${settings[@]}" --out "$work/run" --json > "$work/train.json"
  local status=$?
  cp "$work/run/metrics.jsonl" "$work/train-metrics.txt"
  # An interrupt is how a run ends that had more epochs than time.
  [ $status = 124 ] || [ $status = 130 ] || return $status
}

# The trained encoder's kNN on the device and on the CPU, each by the wall clock.
part_knn() {
  local start
  [ -d "$work/run" ] || { echo "knn asks the encoder of part train" >&2; return 1; }
  local place
  for place in "$device" cpu; do
    start=$(date +%s.%N)
    byol eval knn "$work/run" --device "$place" --precision float32 --quiet || return
    echo "$place $start $(date +%s.%N)" | awk '{ printf "kNN on %s: %.1f s in all\n", $1, $3 - $2 }'
  done | grep -E 'top-1|in all' | tee "$work/knn.txt"
}

part_lightly() {
  local folder size=()
  folder=$(find_data) || return
  [ "$device" = cpu ] && size=(--batch 32 --steps 4 --width 8 --workers 1)
  # lightly's script computes in float32, at the precision that a user's torch has.
  python3 "$here/bench/python/lightly_cifar10.py" --data "$folder" --device "$device" "${size[@]}" --json "$work/lightly.json"
}

# Small shapes: each access of each kernel is looked at, LibTorch's included; the table says which of ours are named.
part_sanitizer() {
  local tool status=0
  command -v compute-sanitizer || { echo "compute-sanitizer is not there" >&2; return 1; }
  for tool in memcheck racecheck; do
    BYOL_GPU_TEST_DEVICE=$device timeout $((PART_LIMIT / 2 - 10)) compute-sanitizer --tool $tool --target-processes all --error-exitcode 99 \
      "$BYOL_NODE" dist/test/gpu/kernels.test.js > "$work/sanitizer-$tool.log" 2>&1 || status=1
    tail -n 5 "$work/sanitizer-$tool.log"
  done
  return $status
}

part_autotune() {
  local status=0
  [ "$device" = cpu ] && { echo "there is nothing to tune on a CPU"; return; }
  measure_step autotuned-resnet18-32-b256 --preset cifar10 --batch-size 256 --precision bfloat16 --steps 60 --python max-autotune --side-limit 400 || status=1
  measure_step autotuned-resnet50-224-b256 --preset imagenet-100 --batch-size 256 --precision bfloat16 --steps 50 --python max-autotune --side-limit 500 || status=1
  return $status
}
