"""collect.py WORK OUT: what the parts of bench/gpu.sh have left in WORK, as OUT/results.json, summary.txt and logs.tar.gz."""

import json
import pathlib
import re
import sys
import tarfile

work, out = map(pathlib.Path, sys.argv[1:3])
WIDTH = 110
LINES = 90


def read(path):
    try:
        return json.loads(path.read_text())
    except (OSError, json.JSONDecodeError):
        return None


def milliseconds(seconds):
    return f"{1e3 * seconds:.2f} ms"


def step_lines(name, bench):
    """One line of ours, one of each other side."""
    ours, batch = bench["ours"], bench["batch"]
    line = f"{milliseconds(ours['step']['median'])}, {ours['imagesPerSecond']:,.0f} images/s"
    line += f", {ours['tflops']:.3g} TFLOP/s ({100 * ours['share']:.0f} %)"
    line += f", {ours['overFloor']:.2f} x floor of {milliseconds(ours['floor']['total'])}"
    yield name, "byol-torch", line
    whole = sum(ours["parts"].values()) or 1
    shares = ", ".join(f"{part} {100 * seconds / whole:.1f} %" for part, seconds in ours["parts"].items())
    yield name, "  parts", f"{shares}; peak {ours['memory'] / 2**30:.1f} GiB"
    execution = ours["execution"]
    yield name, "  how", f"graph {execution['graph']}, images {execution['images']} {execution['reason']}"[:WIDTH]
    for mode, side in (bench["python"].get("modes") or {}).items():
        yield name, f"torch {mode}", side_text(side, batch)
    if "skipped" in bench["python"]:
        yield name, "torch", f"skipped: {bench['python']['skipped']}"[:WIDTH]


def side_text(side, batch):
    if "failed" in side:
        return f"failed: {side['failed']}"[:WIDTH]
    step, whole = side["step"]["median"], side["wholeRatio"]
    ratios = f"ours {whole:.3f} of it, {side['ratio']:.3f} without views" if whole else f"ours {side['ratio']:.3f} of it"
    return f"{milliseconds(step)}, {batch / step:,.0f} images/s, {side['memory'] / 2**30:.1f} GiB; {ratios}"


def train_lines():
    text = work / "train-metrics.txt"
    if not text.exists():
        return
    records = [record for record in map(parsed, text.read_text().splitlines()) if record]
    epochs = [record for record in records if record.get("type") == "epoch"]
    if epochs:
        curve = [f"{record['epoch']}: {100 * record['knn/top1']:.1f}" for record in epochs if record.get("knn/top1")]
        kept = curve[:: max(1, len(curve) // 12)]
        rates = sorted(record["images_per_second"] for record in epochs)
        yield "train", f"{len(epochs)} epochs", f"{rates[len(rates) // 2]:,.0f} images/s (median of epochs)"
        yield "train", "kNN by epoch", ", ".join(kept)
    result = read(work / "train.json")
    if result:
        knn = result["knn"] and f"{100 * result['knn']['top1']:.2f} %"
        linear = result["linear"] and f"{100 * result['linear']['top1']:.2f} %"
        yield "train", "result", f"kNN {knn}, linear {linear}, {result['seconds']:.0f} s, interrupted: {result['interrupted']}"


def parsed(line):
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None


def test_lines():
    log = work / "tests-tap.log"
    if not log.exists():
        return
    text = log.read_text(errors="replace")
    found = re.findall(r"^# (tests|pass|fail|skipped) (\d+)", text, re.M)
    yield "tests", "GPU tests", ", ".join(f"{count} {word}" for word, count in found)
    for line in re.findall(r"^ *not ok \d+ - (.*)", text, re.M)[:10]:
        yield "tests", "  failed", line[:WIDTH]
    for name, reason in re.findall(r"^ *ok \d+ - (.*) # SKIP (.*)", text, re.M)[:3]:
        yield "tests", "  skipped", f"{name}: {reason}"[:WIDTH]


def rows(steps):
    yield from test_lines()
    for name, record in steps.items():
        yield from step_lines(name, record["result"])
    yield from train_lines()
    for line in (work / "knn.txt").read_text().splitlines() if (work / "knn.txt").exists() else []:
        yield "knn", "", line[:WIDTH]
    lightly = read(work / "lightly.json")
    if lightly:
        yield "lightly", "its users' step", f"{lightly['imagesPerSecond']:,.0f} images/s, {lightly['workers']} workers"
        ours = next((s["result"]["ours"]["imagesPerSecond"] for n, s in steps.items() if "b512" in n or "views-32" in n), None)
        if ours:
            yield "lightly", "byol-torch", f"{ours / lightly['imagesPerSecond']:.1f} times its images/s"
    for log in sorted(work.glob("sanitizer-*.log")):
        text = log.read_text(errors="replace")
        said = re.findall(r"ERROR SUMMARY.*|RACECHECK SUMMARY.*", text)
        ours = sorted(set(re.findall(r"\b(?:augment|norm|update)_\w+", text)))
        named = f"; of ours: {', '.join(ours)}" if ours else "; none of ours is named"
        yield "sanitizer", log.stem.removeprefix("sanitizer-"), ((said[-1] if said else "no summary") + named)[:WIDTH]


def main():
    steps = {p.stem.removeprefix("step-"): record for p in sorted(work.glob("step-*.json")) if (record := read(p))}
    status = [line.split() for line in (work / "status").read_text().splitlines()] if (work / "status").exists() else []
    facts = read(work / "facts.json")
    results = {
        "facts": facts,
        "parts": [{"part": part, "ended": word, "seconds": int(seconds)} for part, word, seconds in status],
        "steps": steps,
        "train": read(work / "train.json"),
        "lightly": read(work / "lightly.json"),
    }
    (out / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    table = [*rows(steps)]
    widths = [max((len(row[i]) for row in table), default=0) for i in (0, 1)]
    words = {"none": "not begun: no time was left"}
    lines = [f"{(facts or {}).get('card', (facts or {}).get('device'))}, torch {(facts or {}).get('torch')}"]
    lines += [f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}" for row in table][:LINES]
    lines.append("parts: " + ", ".join(f"{p} {words.get(word, word)} ({seconds} s)" for p, word, seconds in status))
    (out / "summary.txt").write_text("\n".join(lines) + "\n")
    with tarfile.open(out / "logs.tar.gz", "w:gz") as archive:
        for path in sorted([*work.glob("*.log"), *work.glob("train-metrics.txt")]):
            archive.add(path, path.name)


main()
