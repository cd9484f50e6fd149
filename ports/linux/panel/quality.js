/* Voltage quality: each phase's half cycles and distortion, bars of the harmonics, the last events. */

import { byId, make, shape } from './dom.js';
import { follow } from './link.js';
import { onShown, shows } from './tabs.js';

const ASK_EVERY_MS = 1000;
const WIDTH = 400, BASE = 172, TOP = 8;
const CHANNELS = { u: 'voltage', i: 'current' };
const EVENTS = { 1: 'Dip', 2: 'Swell', 3: 'Interruption', 4: 'Undervoltage', 5: 'Overvoltage', 6: 'Phase failure' };
const EDGES = { 0: '', 1: ' begins', 2: ' is over' };

const fixed = (value, digits) => value === null ? '–' : value.toFixed(digits);

/* 30 ms, 1.25 s, 3 min 20 s, 2 h 5 min */
function duration(ms) {
  if (ms < 1000) {
    return `${ms} ms`;
  }
  const s = Math.floor(ms / 1000);
  if (s < 60) {
    return `${(ms / 1000).toFixed(2)} s`;
  }
  return s < 3600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
}

/* ---- table ---- */

const HEADS = ['', 'U½ / V', 'min today', 'max today', '10 min / V', 'THD U %', 'THD I %'];

function createTable() {
  const body = make('tbody', {});
  byId('quality-phases').append(make('thead', {}, make('tr', {},
    ...HEADS.map(text => make('th', { textContent: text, scope: 'col' })))), body);
  return phases => body.replaceChildren(...phases.map(phase => {
    const now = phase.low === phase.high ? fixed(phase.low, 2) : `${fixed(phase.low, 2)} … ${fixed(phase.high, 2)}`;
    const cells = [now, fixed(phase.day_low, 2), fixed(phase.day_high, 2), fixed(phase.mean_10min, 2),
      fixed(phase.thd_u, 2), fixed(phase.thd_i, 2)];
    return make('tr', { className: `row${phase.number}` }, make('th', { scope: 'row', textContent: `L${phase.number}` }),
      ...cells.map(textContent => make('td', { textContent })));
  }));
}

/* ---- bars ---- */

/* The next of 1, 2, 5, 10, 20 ... percent at or above the largest. */
function fullScale(parts) {
  const most = Math.max(1, ...parts);
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map(m => m * power).find(m => m >= most);
}

function drawBars(svg, parts, limits, number, words) {
  const full = fullScale(parts), step = (WIDTH - 30) / 39;
  const y = value => BASE - (BASE - TOP) * Math.min(value / full, 1);
  svg.replaceChildren();
  [0, 0.5, 1].forEach(share => {
    shape('path', { class: 'bar-line', d: `M26 ${y(share * full)}H${WIDTH}` }, svg);
    const text = shape('text', { class: 'bar-scale', x: 22, y: y(share * full) + 3 }, svg);
    text.textContent = `${share * full}`;
  });
  parts.forEach((part, k) => {
    const order = k + 2, x = 28 + k * step, over = limits[k] > 0 && part > limits[k];
    const bar = shape('rect', { class: over ? 'bar-over' : `bar${number}`, x: x.toFixed(1),
      width: (step * 0.66).toFixed(1), y: Math.min(y(part), BASE - 0.6).toFixed(1),
      height: Math.max(BASE - y(part), 0.6).toFixed(1) }, svg);
    const limit = limits[k] > 0 ? `, limit ${limits[k]} %` : '';
    shape('title', {}, bar).textContent = `Order ${order}: ${part.toFixed(2)} %${limit}`;
    if (limits[k] > 0 && limits[k] <= full) {
      const across = `M${(x - 1.2).toFixed(1)} ${y(limits[k]).toFixed(1)}h${(step * 0.66 + 2.4).toFixed(1)}`;
      shape('path', { class: 'bar-limit', d: across }, svg);
    }
    if (order % 5 === 0 || order === 2) {
      const text = shape('text', { class: 'bar-order', x: (x + step * 0.33).toFixed(1), y: BASE + 13 }, svg);
      text.textContent = order;
    }
  });
  const large = parts.map((part, k) => [part, k + 2]).filter(([part]) => part >= 0.1).sort((a, b) => b[0] - a[0])
    .slice(0, 5).map(([part, order]) => `order ${order} ${part.toFixed(1)} percent`);
  svg.setAttribute('aria-label', `Harmonics of the ${words}: ${large.join(', ') || 'none above 0.1 percent'}`);
}

function createBars() {
  let channel = 'u', number = 1, last = null;
  const buttons = [];
  const draw = () => {
    const phase = last?.phases.find(one => one.number === number) || last?.phases[0];
    if (!phase) {
      return;
    }
    number = phase.number;
    buttons.forEach(({ node, is }) => node.setAttribute('aria-pressed', String(is())));
    const parts = phase[`harmonics_${channel}`];
    byId('quality-none').hidden = parts.length > 0;
    byId('harmonics').toggleAttribute('hidden', parts.length === 0);
    if (parts.length > 0) {
      drawBars(byId('harmonics'), parts, channel === 'u' ? last.limits : parts.map(() => 0), number,
        `${CHANNELS[channel]} L${number}`);
    }
  };
  const button = (text, label, is, press) => {
    const node = make('button', { type: 'button', className: 'small', textContent: text, ariaLabel: label });
    node.addEventListener('click', () => {
      press();
      draw();
    });
    buttons.push({ node, is });
    return node;
  };
  const build = phases => {
    buttons.length = 0;
    byId('harmonics-of').replaceChildren(
      ...phases.map(({ number: n }) => button(`L${n}`, `Phase L${n}`, () => number === n, () => { number = n; })),
      ...Object.entries(CHANNELS).map(([key, word]) => button(key.toUpperCase(), word, () => channel === key, () => { channel = key; })));
  };
  return quality => {
    if (last?.phases.length !== quality.phases.length) {
      build(quality.phases);
    }
    last = quality;
    draw();
  };
}

/* ---- events ---- */

function eventRow(event) {
  const where = event.phases.map(n => `L${n}`).join(' ');
  const what = make('b', { textContent: `${EVENTS[event.kind] || event.kind}${EDGES[event.edge] || ''}` });
  const much = [event.edge === 1 ? '' : duration(event.duration_ms), event.extreme > 0 || event.edge !== 1
    ? `${event.extreme.toFixed(1)} V` : ''].filter(Boolean).join(', ');
  return make('li', {}, make('time', { dateTime: event.at, textContent: event.at.replace('T', ' ').replace('Z', '') }),
    make('span', {}, what, ` ${where}`), make('span', { textContent: much }));
}

function showEvents(events) {
  byId('quality-events').replaceChildren(...events.map(eventRow));
  byId('quality-quiet').hidden = events.length > 0;
}

/* ---- limits and weeks ---- */

const LIMITS = { under: ['Undervoltage below', 'V'], over: ['Overvoltage above', 'V'], duration: ['both for at least', 's'],
  hysteresis: ['hysteresis of both', 'V'], declared: ['Declared voltage', 'V'], dip: ['Dip below', '%'], swell: ['Swell above', '%'],
  interruption: ['Interruption below', '%'], 'dip-hysteresis': ['hysteresis of dip, swell', '%'], failure: ['Phase failure below', 'V'],
  'failure-duration': ['failure for at least', 's'] };
const COUNTS = ['intervals', 'dips', 'swells', 'interruptions'];
const WEEK = { intervals: '10-minute intervals', voltage_10: 'Voltage within 10 %',
  voltage_wide: 'Voltage within +10/−15 %', thd: 'THD up to 8 %', harmonics: 'Harmonics within limits',
  unbalance: 'Unbalance up to 2 %', frequency: 'Frequency within 1 %, within +4/−6 %', dips: 'Dips', swells: 'Swells',
  interruptions: 'Interruptions' };

function createMore() {
  let shown = '';
  const number = one => one === null ? '–' : Number.isInteger(one) ? `${one}` : one.toFixed(2);
  /* one value where all phases have the same */
  const same = value => !Array.isArray(value) ? number(value)
    : new Set(value).size === 1 ? number(value[0]) : value.map(number).join(' / ');
  const cell = (key, value) => same(value) === '–' || COUNTS.includes(key) ? same(value) : `${same(value)} %`;
  return (config, weeks) => {
    const now = JSON.stringify([config, weeks]);
    if (now === shown) {
      return;
    }
    shown = now;
    const heads = weeks.map(week => make('th', { scope: 'col', textContent: week.begin ? `from ${week.begin}` : '–' }));
    byId('quality-weeks').replaceChildren(make('thead', {}, make('tr', {}, make('th', { textContent: 'Week' }), ...heads)),
      make('tbody', {}, ...Object.entries(WEEK).map(([key, name]) => make('tr', {},
        make('th', { scope: 'row', textContent: name }),
        ...weeks.map(week => make('td', { textContent: cell(key, week[key]) }))))));
    byId('quality-limits').replaceChildren(...Object.entries(LIMITS).map(([key, [name, unit]]) => make('div', {},
      make('dt', { textContent: name }), make('dd', { textContent: `${config[key]} ${unit}` }))));
  };
}

export function createQuality() {
  const table = createTable(), bars = createBars(), more = createMore();
  const show = quality => {
    const { frequency, u2, u0, flagged, phases, events, config, weeks } = quality;
    const of = (word, value, digits, unit) => value === null ? '' : `${word} ${value.toFixed(digits)} ${unit}`;
    byId('quality-now').textContent = [of('10 s', frequency, 3, 'Hz'), of('u2', u2, 2, '%'), of('u0', u0, 2, '%'),
      flagged ? 'flagged' : ''].filter(Boolean).join(' · ');
    table(phases);
    bars(quality);
    showEvents(events);
    more(config, weeks);
  };
  onShown('quality', follow('/api/quality', ASK_EVERY_MS, show, () => shows('quality')));
}
