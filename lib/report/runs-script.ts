import { plotScript } from './plot-script.js';

/** What a page about runs does: charts under the pointer, their axes and smoothing, search in settings, news of a server. */
export const runsScript = `
(() => {
  'use strict';
${plotScript}
  const find = (selector, within = document) => within.querySelector(selector);
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  let data = JSON.parse(find('#runs-data').textContent);
  const section = find('#charts');
  const controls = find('.controls');
  const [axis, smoothing, log, wholeButton] = ['#axis', '#smoothing', '#log', '#whole'].map((id) => find(id));
  const state = { hidden: new Set(), zoom: null };
  const several = () => data.runs.length > 1;
  /** Runs are hidden in all charts at once, lines of one run each for itself. */
  const keyOf = (chart, line) => (several() ? 'run ' + chart.lines[line].run : chart.title + ': ' + chart.lines[line].name);

  const longest = () => Math.max(0, ...data.runs.map((run) => Math.max(run.readings.seconds.at(-1) ?? 0, run.epochs.seconds.at(-1) ?? 0)));
  const axisOf = () => {
    if (axis.value !== 'seconds') return { kind: axis.value, unit: 1, name: axis.value };
    const [unit, name] = longest() > 7200 ? [3600, 'hours'] : longest() > 120 ? [60, 'minutes'] : [1, 'seconds'];
    return { kind: 'seconds', unit, name };
  };
  const optionsOf = (first) => {
    const chosen = axisOf();
    const end = Math.max(...data.runs.map((run) => endOf(run, chosen)));
    return { axis: chosen, end, log: log.checked, smoothing: Number(smoothing.value) / 100, hidden: state.hidden, zoom: state.zoom, keyOf, height: first ? 260 : 200 };
  };
  /** Charts that are drawn, each with its part of the page. */
  let plots = [];

  const sign = (look) => {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('class', 'sign');
    svg.setAttribute('width', '22');
    svg.setAttribute('height', '8');
    svg.setAttribute('aria-hidden', 'true');
    const line = document.createElementNS('http://www.w3.org/2000/svg', 'line');
    for (const [name, value] of [['x1', 0], ['x2', 22], ['y1', 4], ['y2', 4], ['stroke-width', 3]]) line.setAttribute(name, value);
    if (look.dash.length > 0) line.setAttribute('stroke-dasharray', look.dash.join(' '));
    line.style.stroke = 'light-dark(' + look.light + ',' + look.dark + ')';
    svg.append(line);
    return svg;
  };

  const xText = (x) => {
    const { kind, name } = axisOf();
    const number = x.toLocaleString('en-US', { maximumFractionDigits: kind === 'step' ? 0 : 2 });
    return kind === 'seconds' ? number + ' ' + name : kind + ' ' + number;
  };
  /** Of a line its value under the pointer, or its newest. */
  const valueAt = (plot, line) => {
    const { u, chart } = plot;
    const { level, from, last } = chart.lines[line];
    if (from === null) return { text: valueText(level ?? last, chart.unit), range: null };
    const s = 1 + u.lineSeries.findIndex((item) => item.line === line && item.role === 'value');
    const pointed = u.cursor.left >= 0 && u.cursor.idxs !== undefined && u.cursor.idx != null;
    const at = pointed ? u.cursor.idxs[s] : u.data[s].findLastIndex((value) => value != null);
    const low = u.lineSeries.findIndex((item) => item.line === line && item.role === 'low');
    const range = at == null || low < 0 || u.data[low + 1][at] == null ? null : [u.data[low + 1][at], u.data[low + 2][at]];
    return { text: valueText(at == null ? null : u.data[s][at], chart.unit), range };
  };

  const tip = make('div', 'tip');
  tip.hidden = true;
  document.body.append(tip);
  let pointed = null;
  const showTip = (plot) => {
    const { u, chart } = plot;
    if (u.cursor.left < 0 || u.cursor.idx == null) { tip.hidden = true; return; }
    const table = make('table');
    chart.lines.forEach((line, index) => {
      if (state.hidden.has(keyOf(chart, index))) return;
      const { text, range } = valueAt(plot, index);
      if (text === '-') return;
      const row = table.insertRow();
      row.insertCell().append(sign(line.look));
      row.insertCell().textContent = line.name;
      row.insertCell().textContent = text;
      if (range !== null && range[0] !== range[1] && chart.lines.length < 6) {
        const more = table.insertRow();
        more.insertCell();
        const cell = more.insertCell();
        cell.colSpan = 2;
        cell.append(make('small', '', valueText(range[0], chart.unit) + ' to ' + valueText(range[1], chart.unit)));
      }
    });
    tip.replaceChildren(make('strong', '', xText(u.data[0][u.cursor.idx])), table);
    tip.hidden = false;
    const box = u.over.getBoundingClientRect();
    const x = box.left + u.cursor.left;
    const [w, h] = [tip.offsetWidth, tip.offsetHeight];
    tip.style.left = Math.max(4, x + 18 + w > innerWidth ? x - w - 18 : x + 18) + 'px';
    tip.style.top = Math.max(4, Math.min(innerHeight - h - 4, box.top + Math.max(0, u.cursor.top) - h / 2)) + 'px';
  };
  const tell = (plot) => {
    plot.values.forEach((element, line) => { element.textContent = valueAt(plot, line).text; });
    if (pointed === plot) showTip(plot);
  };

  const zoomTo = (zoom) => {
    state.zoom = zoom;
    wholeButton.disabled = zoom === null;
    for (const plot of plots) {
      plot.options.zoom = zoom;
      plot.u.setScale('x', rangeOf(plot.options));
    }
  };
  const chosen = (from, to) => {
    const [low, high] = [Math.max(0, from), Math.min(optionsOf(false).end, to)];
    if (high > low) zoomTo([low, high]);
  };
  const hide = (key) => {
    if (!state.hidden.delete(key)) state.hidden.add(key);
    for (const plot of plots) {
      plot.chart.lines.forEach((_, line) => {
        if (keyOf(plot.chart, line) !== key) return;
        plot.buttons[line].setAttribute('aria-pressed', String(!state.hidden.has(key)));
        plot.u.batch(() => plot.u.lineSeries.forEach((item, s) => { if (item.line === line) plot.u.setSeries(s + 1, { show: !state.hidden.has(key) }); }));
      });
    }
  };

  const draw = (plot) => {
    plot.u?.destroy();
    plot.options = optionsOf(plot.first);
    plot.u = plotChart(plot.place, plot.chart, data.runs, plot.options, { told: () => { if (plot.u) tell(plot); }, chosen, whole: () => zoomTo(null) });
    const { over } = plot.u;
    over.addEventListener('pointerenter', () => { pointed = plot; });
    over.addEventListener('pointerleave', () => { pointed = null; tip.hidden = true; });
    tell(plot);
  };
  const point = (plot, move) => {
    const { u } = plot;
    const [x, { min, max }] = [u.data[0], u.scales.x];
    const inside = x.map((_, i) => i).filter((i) => x[i] >= min && x[i] <= max && u.lineSeries.some((item, s) => item.role === 'value' && u.data[s + 1][i] != null));
    if (inside.length === 0) return;
    const now = u.cursor.left < 0 ? inside.length - (move < 0 ? 0 : 1) : inside.findIndex((i) => x[i] >= u.posToVal(u.cursor.left, 'x') - (max - min) * 1e-9);
    const next = inside[Math.max(0, Math.min(inside.length - 1, (now < 0 ? inside.length - 1 : now) + move))];
    pointed = plot;
    u.setCursor({ left: u.valToPos(x[next], 'x'), top: u.over.clientHeight / 3 }, true, true);
  };
  const unpoint = (plot) => {
    plot.u.setCursor({ left: -10, top: -10 }, true, true);
    pointed = null;
    tip.hidden = true;
  };

  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const plot = plots.find(({ place }) => place === target);
      if (plot && !printing && Math.abs(plot.u.width - target.clientWidth) > 1) plot.u.setSize({ width: Math.max(200, target.clientWidth), height: plot.options.height });
    }
  });
  const figure = (chart, first) => {
    const element = make('figure', 'plot');
    element.tabIndex = 0;
    element.setAttribute('role', 'group');
    element.setAttribute('aria-label', chart.title + ': a chart. Left and right arrow keys read values.');
    const legend = make('ul', chart.lines.length === 1 && !several() ? 'legend alone' : 'legend');
    const place = make('div', 'place');
    const plot = { chart, first, place, element, values: [], buttons: [] };
    chart.lines.forEach((line, index) => {
      const button = make('button');
      button.type = 'button';
      button.title = line.name + ': show or hide';
      button.setAttribute('aria-pressed', String(!state.hidden.has(keyOf(chart, index))));
      const value = make('span', 'value');
      button.append(sign(line.look), make('span', 'name', line.name), value);
      button.addEventListener('click', () => hide(keyOf(chart, index)));
      const item = make('li');
      item.append(button);
      legend.append(item);
      plot.values.push(value);
      plot.buttons.push(button);
    });
    element.append(make('figcaption', '', chart.title), legend, place);
    element.addEventListener('keydown', (event) => {
      const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20, Home: -1e9, End: 1e9 }[event.key];
      if (event.key === 'Escape') unpoint(plot);
      if (move === undefined || event.target !== element) return;
      event.preventDefault();
      point(plot, move);
    });
    element.addEventListener('blur', () => { if (pointed === plot) unpoint(plot); });
    resized.observe(place);
    return plot;
  };
  const build = () => {
    for (const plot of plots) { resized.unobserve(plot.place); plot.u?.destroy(); }
    for (const old of section.querySelectorAll('.group, .plots')) old.remove();
    let group = null;
    let grid = null;
    let first = true;
    plots = data.charts.map((chart) => {
      if (chart.group !== group) {
        first = group === null;
        grid = make('div', 'plots');
        section.append(make('h2', 'group', chart.group), grid);
        group = chart.group;
      }
      const plot = figure(chart, first);
      grid.append(plot.element);
      return plot;
    });
    plots.forEach(draw);
  };
  const redraw = () => plots.forEach(draw);

  const epochs = () => { find('option[value=epoch]', axis).disabled = data.runs.some((run) => run.stepsPerEpoch === null); };
  axis.addEventListener('change', () => { state.zoom = null; wholeButton.disabled = true; redraw(); });
  log.addEventListener('change', redraw);
  smoothing.addEventListener('input', () => {
    find('output', controls).textContent = (Number(smoothing.value) / 100).toFixed(2).replace(/[.]?0+$/, '');
    redraw();
  });
  wholeButton.addEventListener('click', () => zoomTo(null));
  document.addEventListener('themechange', () => plots.forEach(({ u }) => u.redraw(false)));
  addEventListener('scroll', () => { tip.hidden = true; }, { passive: true });
  addEventListener('beforeprint', () => {
    printing = true;
    for (const { u, options } of plots) u.setSize({ width: 310, height: Math.min(options.height, 190) });
    plots.forEach(({ u }) => u.redraw(false));
  });
  addEventListener('afterprint', () => {
    printing = false;
    for (const { u, place, options } of plots) u.setSize({ width: Math.max(200, place.clientWidth), height: options.height });
    plots.forEach(({ u }) => u.redraw(false));
  });
  const thinned = Math.max(0, ...data.runs.map((run) => run.readings.each));
  if (thinned > 1) section.append(make('p', 'hint', 'Lines are means of ' + thinned + ' readings each; the area around a line reaches from the lowest to the highest of them.'));
  controls.hidden = false;
  epochs();
  build();
  const note = find('#charts > p.hint');
  if (note) section.append(note);

  const settings = find('#settings');
  if (settings) {
    const [search, only, output] = ['input[type=search]', '.only-changed', 'output'].map((selector) => find(selector, settings));
    const rows = [...settings.querySelectorAll('tr')].map((row) => ({ row, text: row.textContent.toLowerCase() }));
    const filter = () => {
      const words = search.value.toLowerCase().split(/[ ]+/).filter(Boolean);
      let shown = 0;
      for (const { row, text } of rows) {
        row.hidden = !words.every((word) => text.includes(word)) || (only?.checked === true && !row.classList.contains('changed'));
        if (!row.hidden) shown += 1;
      }
      output.textContent = shown === rows.length ? '' : shown + ' of ' + rows.length;
    };
    find('.find', settings).hidden = false;
    search.addEventListener('input', filter);
    only?.addEventListener('change', filter);
  }

  const { live } = data;
  if (live) {
    const word = find('#live');
    let at = null, tag = null;
    const take = (news) => {
      for (const [id, html] of Object.entries(news.parts)) {
        const part = document.getElementById(id);
        // HTML of the page's own server, escaped as the page itself.
        if (part && part.innerHTML !== html) part.innerHTML = html;
      }
      const same = JSON.stringify(news.charts) === JSON.stringify(data.charts);
      data = { ...news, live };
      epochs();
      if (same) {
        for (const plot of plots) {
          const { left, top } = plot.u.cursor;
          plot.options = Object.assign(plot.options, optionsOf(plot.first));
          plot.u.setData(seriesOf(plot.chart, data.runs, plot.options).data, false);
          plot.u.setScale('x', rangeOf(plot.options));
          if (left >= 0) plot.u.setCursor({ left, top });
          else tell(plot);
        }
      } else build();
    };
    const ask = async () => {
      try {
        const headers = tag === null ? {} : { 'If-None-Match': tag };
        const response = await fetch(live.address, { cache: 'no-store', headers, signal: AbortSignal.timeout(15000) });
        if (response.ok) {
          take(await response.json());
          tag = response.headers.get('etag');
        } else if (response.status !== 304) throw new Error((await response.text()).trim());
        at = new Date();
        word.classList.remove('lost');
        word.textContent = 'Live: as of ' + at.toLocaleTimeString();
      } catch (error) {
        word.classList.add('lost');
        // A plain Error has what the server said.
        word.textContent = (error.name === 'Error' ? error.message : 'Not connected') + (at === null ? '' : ': as of ' + at.toLocaleTimeString());
      }
    };
    const again = async () => {
      if (!document.hidden) await ask();
      setTimeout(again, live.everySeconds * 1000);
    };
    document.addEventListener('visibilitychange', () => { if (!document.hidden) ask(); });
    setTimeout(again, live.everySeconds * 1000);
  }
})();
`;
