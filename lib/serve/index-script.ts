/**
 * What the list of runs does in the browser: asks for what has changed every two seconds while it is seen, shows it without a reload,
 * says so when nobody answers, and goes on when somebody does.
 */
export const indexScript = `
(() => {
  const EVERY = 2000, SOON = 250, PATIENCE = 15000, LONGEST = 10000;
  const body = document.querySelector('tbody');
  const [filter, compare, summary, notice, notes, empty] =
    ['filter', 'compare', 'summary', 'notice', 'notes', 'empty'].map((id) => document.getElementById(id));
  const rows = new Map();
  const chosen = new Set();
  let version = 0, order = [], pending = 0, skew = 0, timer = 0, failures = 0, asking = false;

  const make = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  const percent = (value) => value === null ? '' : (100 * value).toFixed(1) + ' %';
  const count = (value) => value.toLocaleString('en-US');
  const number = (value) => value === null ? '' : Math.abs(value) >= 1000 ? value.toExponential(2) : value.toFixed(value < 0.1 ? 4 : 3);
  const duration = (seconds) => {
    const whole = Math.max(0, Math.round(seconds)), minutes = Math.round(whole / 60), hours = Math.round(whole / 3600);
    const two = (value) => String(value).padStart(2, '0');
    if (whole < 60) return whole + ' s';
    if (whole < 3600) return Math.floor(whole / 60) + ' min ' + two(whole % 60) + ' s';
    if (minutes < 48 * 60) return Math.floor(minutes / 60) + ' h ' + two(minutes % 60) + ' min';
    return Math.floor(hours / 24) + ' d ' + hours % 24 + ' h';
  };
  const TONES = { learning: 'good', 'not learning yet': 'fair', 'partly collapsed': 'bad', collapsed: 'bad' };

  const SVG = 'http://www.w3.org/2000/svg';
  const drawSpark = (svg, { spark, steps, step, state }) => {
    const points = spark;
    svg.replaceChildren();
    if (points.length < 2) return;
    const losses = points.map(([, loss]) => loss);
    const [low, high] = [Math.min(...losses), Math.max(...losses)];
    // Of a run that goes on, with the room that is still to be filled.
    const most = Math.max(state === 'running' ? steps || 0 : 0, step || 0, points[points.length - 1][0]);
    const x = (value) => (2 + 106 * value / most).toFixed(1);
    const y = (value) => (26 - 24 * (high > low ? (value - low) / (high - low) : 0.5)).toFixed(1);
    const line = document.createElementNS(SVG, 'polyline');
    line.setAttribute('points', points.map(([at, loss]) => x(at) + ',' + y(loss)).join(' '));
    const end = document.createElementNS(SVG, 'circle');
    const [lastStep, lastLoss] = points[points.length - 1];
    end.setAttribute('cx', x(lastStep));
    end.setAttribute('cy', y(lastLoss));
    end.setAttribute('r', '2');
    svg.append(line, end);
    svg.setAttribute('aria-label', 'Loss from ' + number(losses[0]) + ' to ' + number(lastLoss));
  };

  const newRow = (id) => {
    const row = make('tr');
    const cell = (name) => {
      const td = make('td', name);
      row.append(td);
      return td;
    };
    const value = (label) => {
      const span = make('span', 'value');
      span.dataset.label = label;
      return span;
    };
    const box = make('input');
    box.type = 'checkbox';
    box.addEventListener('change', () => {
      if (box.checked) chosen.add(id);
      else chosen.delete(id);
      showCompare();
    });
    cell('choose').append(box);
    const link = make('a');
    link.href = 'run/' + id + '/';
    const kind = make('div', 'faint');
    cell('name').append(link, kind);
    const state = make('span', 'state');
    const text = make('div', 'faint');
    cell('status').append(state, text);
    const bar = make('progress');
    const done = make('div', 'faint');
    const left = make('div', 'faint left');
    cell('progress').append(bar, done, left);
    const loss = value('Loss');
    const spark = document.createElementNS(SVG, 'svg');
    spark.setAttribute('viewBox', '0 0 112 28');
    spark.setAttribute('class', 'spark');
    spark.setAttribute('role', 'img');
    cell('loss').append(loss, spark);
    const knn = value('kNN');
    const untrained = make('div', 'faint');
    cell('knn').append(knn, untrained);
    const verdict = make('div', 'verdict');
    cell('judged').append(verdict);
    const day = make('div'), hour = make('div');
    cell('began faint').append(day, hour);
    return { row, box, link, kind, state, text, bar, done, left, loss, spark, knn, untrained, verdict, day, hour, run: null };
  };

  const showTime = ({ run, left, text }) => {
    const now = Date.now() + skew;
    const silent = run.state === 'running' && run.changed !== null ? (now - run.changed) / 1000 : 0;
    say(text, (run.text === run.state ? '' : run.text) + (silent > 60 ? ', nothing written for ' + duration(silent) : ''));
    say(left, run.ends === null || run.step === run.steps ? '' : run.ends > now ? 'about ' + duration((run.ends - now) / 1000) + ' left' : '');
  };

  const showRun = (entry, run) => {
    entry.run = run;
    say(entry.link, run.name);
    entry.box.setAttribute('aria-label', 'Compare ' + run.name);
    say(entry.kind, [run.preset, run.method].filter((part) => part !== null).join(' · '));
    say(entry.state, run.state);
    entry.state.className = 'state ' + run.state;
    // A broken run cannot be drawn.
    entry.box.disabled = run.state === 'broken';
    const known = run.step !== null && run.steps !== null && run.steps > 0;
    entry.bar.hidden = !known;
    if (known) {
      entry.bar.max = run.steps;
      entry.bar.value = run.step;
      entry.bar.setAttribute('aria-label', 'Steps of ' + run.name);
    }
    const of = (value, all) => count(value) + (all === null ? '' : ' of ' + count(all));
    say(entry.done, run.step === null ? '' : 'epoch ' + of(run.epoch, run.epochs) + ', step ' + of(run.step, run.steps));
    say(entry.loss, number(run.loss));
    drawSpark(entry.spark, run);
    say(entry.knn, percent(run.knn));
    say(entry.untrained, run.untrainedKnn === null ? '' : 'untrained ' + percent(run.untrainedKnn));
    say(entry.verdict, run.verdict === null ? '' : run.verdict.text);
    entry.verdict.className = 'verdict ' + (run.verdict === null ? '' : TONES[run.verdict.state]);
    const date = run.began === null ? null : new Date(run.began);
    say(entry.day, date === null ? '' : date.toLocaleDateString([], { dateStyle: 'medium' }));
    say(entry.hour, date === null ? '' : date.toLocaleTimeString([], { timeStyle: 'short' }));
    showTime(entry);
  };

  const showCompare = () => {
    const ids = order.filter((id) => chosen.has(id));
    compare.hidden = ids.length < 2;
    compare.href = 'compare?' + ids.map((id) => 'run=' + id).join('&');
    say(compare, 'Compare ' + ids.length + ' runs');
  };

  const showFiltered = () => {
    const words = filter.value.toLowerCase().split(' ').filter((word) => word !== '');
    let shown = 0;
    for (const { row, run } of rows.values()) {
      const text = [run.name, run.preset, run.method, run.state, run.text, run.verdict && run.verdict.text].join(' ').toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown += 1;
    }
    const running = [...rows.values()].filter(({ run }) => run.state === 'running').length;
    say(summary, (shown === rows.size ? '' : shown + ' of ') + rows.size + (rows.size === 1 ? ' run' : ' runs') +
      (running === 0 ? '' : ', ' + running + ' running') + (pending === 0 ? '' : ', reading ' + pending + ' more ...'));
    empty.hidden = shown > 0 || pending > 0;
    say(empty, rows.size > 0 ? 'No run has these words.' : 'There are no runs in this folder yet. They appear here as soon as there are.');
  };

  const take = (list) => {
    ({ version, order, pending } = list);
    skew = list.now - Date.now();
    for (const run of list.runs) {
      if (!rows.has(run.id)) rows.set(run.id, newRow(run.id));
      showRun(rows.get(run.id), run);
    }
    const there = new Set(order);
    for (const [id, { row }] of rows) {
      if (there.has(id)) continue;
      row.remove();
      rows.delete(id);
      chosen.delete(id);
    }
    // Moved only where the order has changed: a row that is moved loses the focus.
    let at = body.firstElementChild;
    for (const id of order) {
      const entry = rows.get(id);
      if (entry === undefined) continue;
      if (entry.row === at) at = at.nextElementSibling;
      else body.insertBefore(entry.row, at);
    }
    say(notes, list.notes.join(' '));
    showFiltered();
    showCompare();
  };

  const ask = async () => {
    const headers = version === 0 ? {} : { 'If-None-Match': '"' + version + '"' };
    const answer = await fetch('runs.json?after=' + version, { headers, cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status === 304) return;
    if (!answer.ok) throw new Error((await answer.text()).trim());
    take(await answer.json());
  };

  const poll = async () => {
    clearTimeout(timer);
    if (document.hidden || asking) return;
    asking = true;
    try {
      await ask();
      failures = 0;
      notice.hidden = true;
    } catch (error) {
      failures += 1;
      const gone = error instanceof TypeError || error.name === 'TimeoutError';
      say(notice, gone
        ? 'byol report does not answer. What is shown is what was last known; this page goes on when it is back.'
        : error.message);
      notice.hidden = false;
    }
    asking = false;
    timer = setTimeout(poll, failures > 0 ? Math.min(LONGEST, EVERY * failures) : pending > 0 ? SOON : EVERY);
  };

  filter.addEventListener('input', showFiltered);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(timer);
    else poll();
  });
  setInterval(() => {
    if (!document.hidden) for (const entry of rows.values()) if (entry.run.state === 'running') showTime(entry);
  }, 1000);
  poll();
})();
`;
