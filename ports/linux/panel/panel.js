/* The front panel: one state comes in, everything on the page shows it. */

import { createAlarms } from './alarms.js';
import { createAnalysis } from './analysis.js';
import { createBay } from './bay.js';
import { createBilling } from './billing.js';
import { createPhasors, drawPhasors, drawWaves } from './charts.js';
import { createConsumer } from './consumer.js';
import { createControls } from './controls.js';
import { createPins } from './pins.js';
import { byId, format, make } from './dom.js';
import { createEvents } from './events.js';
import { createBreaker } from './breaker.js';
import { createPrepay } from './prepay.js';
import { createFront } from './front.js';
import { createHistory } from './history.js';
import { ask, listen } from './link.js';
import { createQuality } from './quality.js';
import { createTabs, onShown, shows } from './tabs.js';
import { createTariff } from './tariff.js';

/* 1234 W as kW, with four good digits. */
function power(value, unit) {
  const size = Math.abs(value);
  return size >= 1000 ? [format(value / 1000, size >= 100000 ? 1 : 3), `k${unit}`] : [format(value, 1), unit];
}

const SEQUENCES = { '': '–', 123: 'L1 L2 L3', 132: 'L1 L3 L2' };

const QUADRANTS = { 0: 'no load', 1: 'Q I', 2: 'Q II', 3: 'Q III', 4: 'Q IV' };
const QUADRANT_WORDS = { 1: 'import, inductive', 2: 'export, inductive', 3: 'export, capacitive',
  4: 'import, capacitive' };

/* Numbers of the phases that the meter's systems measure. */
const phaseNumbers = ({ plate, phases }) => plate.aron ? [1, 3] : phases.map((_, i) => i + 1);

/* ---- tiles ---- */

function createTiles() {
  const tiles = ['Active power', 'Reactive power', 'Apparent power', 'Power factor', 'Frequency', 'Quadrant',
    'Phase sequence', 'LED'].map(name => {
    const value = make('b', { textContent: '–' }), unit = make('small', {});
    byId('tiles').append(make('div', { className: 'tile' }, make('span', { textContent: name }), value, unit));
    return (text, unitText = '', title = '') => {
      value.textContent = text;
      unit.textContent = unitText;
      value.title = title;
    };
  });
  return ({ total, pulses }) => {
    const [p, q, s, pf, f, quadrant, sequence, led] = tiles;
    p(...power(total.p, 'W'));
    q(...power(total.q, 'var'));
    s(...power(total.s, 'VA'));
    pf(total.s > 0 ? format(total.p / total.s, 3) : '–');
    f(total.f > 0 ? format(total.f, 2) : '–', total.f > 0 ? 'Hz' : '');
    quadrant(QUADRANTS[total.quadrant] ?? '–', '', QUADRANT_WORDS[total.quadrant] || '');
    sequence(SEQUENCES[total.sequence] ?? String(total.sequence));
    const shown = pulses.test_mode ? `, ${pulses.energy.replace('-', '−')} (test mode)` : '';
    led(...(pulses.rate_hz > 0.2 ? [format(pulses.rate_hz, 2), `a second${shown}`]
      : [format(pulses.rate_hz * 60, 1), `a minute${shown}`]));
  };
}

/* ---- phases ---- */

function createPhaseTable() {
  const table = byId('phases');
  const heads = ['', 'U / V', 'I / A', 'P / W', 'Q / var', 'S / VA', 'cos φ', 'φ / °']
    .map(text => make('th', { textContent: text, scope: 'col' }));
  table.append(make('thead', {}, make('tr', {}, ...heads)));
  const body = make('tbody', {});
  table.append(body);
  let cells = [];
  const build = numbers => {
    cells = numbers.map(n => {
      const row = make('tr', { className: `row${n}` }, make('th', { scope: 'row', textContent: `L${n}` }));
      const made = Array.from({ length: 7 }, () => make('td', {}));
      row.append(...made);
      return { row, made };
    });
    body.replaceChildren(...cells.map(cell => cell.row));
  };
  return state => {
    const { phases } = state;
    if (cells.length !== phases.length) {
      build(phaseNumbers(state));
    }
    phases.forEach((phase, i) => {
      const { row, made } = cells[i];
      const factor = phase.s > 0 ? phase.p / phase.s : NaN;
      const values = [format(phase.u, 2), format(phase.i, 3), format(phase.p, 1), format(phase.q, 1),
        format(phase.s, 1), format(factor, 3), phase.i > 0 && phase.present ? format(phase.i_deg, 1) : '–'];
      values.forEach((text, k) => { made[k].textContent = text; });
      row.classList.toggle('absent', !phase.present);
    });
  };
}

/* ---- energies ---- */

const DIRECTIONS = { 1: 'Import A+', 2: 'Export A−', 3: 'Reactive R+', 4: 'Reactive R−',
  5: 'Inductive import R1', 6: 'Capacitive export R2', 7: 'Inductive export R3',
  8: 'Capacitive import R4', 15: 'Sum |A+| + |A−|', 16: 'Net A+ − A−' };

function energyName(code) {
  const [c, , e] = code.split('.').map(Number);
  const phase = c > 20 ? Math.floor(c / 20) : 0;
  const name = DIRECTIONS[phase ? c % 20 : c] || code;
  return name + (phase ? ` L${phase}` : '') + (e > 0 ? ` tariff ${e}` : '');
}

const energyUnit = code => [1, 2, 15, 16].includes(Number(code.split('.')[0]) % 20) ? 'kWh' : 'kvarh';

function createEnergies() {
  const list = byId('energies');
  const rows = new Map();
  return ({ energy, pulses }) => {
    for (const [code, value] of Object.entries(energy)) {
      if (!rows.has(code)) {
        const whole = make('span', {}), part = make('i', {});
        list.append(make('div', {}, make('dt', {}, make('code', { textContent: code }), energyName(code)),
          make('dd', {}, whole, part, make('small', { textContent: energyUnit(code) }))));
        rows.set(code, { whole, part });
      }
      const [whole, part] = format(Number(value), 4).split('.');
      rows.get(code).whole.textContent = whole;
      rows.get(code).part.textContent = part ? `.${part}` : '';
    }
    const waiting = pulses.pending > 0 ? `, ${format(pulses.pending, 0)} waiting` : '';
    const word = pulses.emitted === 1 ? 'pulse' : 'pulses';
    byId('pulse-count').textContent = `${format(pulses.emitted, 0)} ${word}${waiting}`;
  };
}

/* ---- all registers ---- */

function createRegisters() {
  const table = byId('registers'), filter = byId('filter');
  let rows = [];
  const show = () => {
    const wanted = filter.value.trim().toLowerCase();
    rows.forEach(({ node, text }) => { node.hidden = !text.includes(wanted); });
  };
  const read = async () => {
    const answer = await ask('/api/registers');
    rows = Object.entries(answer).map(([code, entry]) => {
      const exact = typeof entry.value !== 'number' ? entry.value
        : format(entry.value, Number.isInteger(entry.value) ? 0 : 4);
      const node = make('tr', {}, make('td', { textContent: code }),
        make('td', { textContent: entry.name || entry.obis || '' }),
        make('td', { textContent: `${exact ?? '–'} ${entry.unit || ''}`.trim() }));
      return { node, text: `${code} ${entry.name || ''} ${entry.obis || ''}`.toLowerCase() };
    });
    table.replaceChildren(make('tbody', {}, ...rows.map(row => row.node)));
    show();
  };
  filter.addEventListener('input', show);
  byId('reload').addEventListener('click', read);
  byId('all').addEventListener('toggle', () => byId('all').open && read());
}

/* ---- ports and health ---- */

/* How to read a port with what people have. */
function commandsFor(kind, where) {
  if (kind.startsWith('optical tcp')) {
    return [`build/linux/metertool -m kmp+tcp://${where} read`,
      `printf '/?!\\r\\n' | nc ${where.replace(/:(\d+)$/, ' $1')}`];
  }
  if (kind.startsWith('optical pty')) {
    return [`build/linux/metertool -m kmp:${where} read`];
  }
  return kind.startsWith('panel') ? [`curl ${where}api/registers`] : [];
}

function makeCommand(text) {
  const button = make('button', { type: 'button', className: 'small', textContent: 'Copy' });
  button.setAttribute('aria-label', `Copy: ${text}`);
  button.addEventListener('click', async () => {
    await navigator.clipboard?.writeText(text);
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
  return make('div', { className: 'command' }, make('code', { textContent: text, tabIndex: 0 }), button);
}

function createPorts() {
  let shown = '';
  return ({ ports }) => {
    const now = JSON.stringify(ports);
    if (now === shown) {
      return;
    }
    shown = now;
    const panel = `panel ${location.origin}/`;
    byId('ports').replaceChildren(...ports.filter(port => !port.startsWith('panel')).concat(panel).map(port => {
      const words = port.split(' ');
      const where = words.pop();
      return make('div', { className: 'port' }, make('b', { textContent: words.join(' ') || where }),
        make('span', { textContent: words.length ? where : '' }), ...commandsFor(port, where).map(makeCommand));
    }));
  };
}

const HEALTH_NAMES = { frames_received: 'Frames on the measuring bus', frames_lost: 'Frames lost',
  frames_damaged: 'Frames damaged', memory_writes: 'Writes to memory', memory_errors: 'Memory errors',
  start_count: 'Starts', systems_silent: 'Measuring systems silent', memory_restored: 'Registers restored', memory_fault: 'Memory fault', memory_suspect: 'Memory fault in the past',
  neutral_fault: 'Neutral lost',
  program_fault: 'Program fault', calibrated: 'Calibrated', uncalibrated: 'Sensors without constants',
  calibrations: 'Calibrations', audit_entries: 'Entries in the audit trail' };
const BAD_WHEN_SET = ['frames_lost', 'frames_damaged', 'memory_errors', 'systems_silent',
  'memory_fault', 'memory_suspect', 'program_fault', 'neutral_fault', 'uncalibrated'];
const STATUS_BITS = ['meter reset', 'memory error', 'magnet', 'RAM error', 'program checksum',
  'alarm input', 'cover open', 'auxiliary supply'];

const healthText = value => typeof value === 'boolean' ? (value ? 'yes' : 'no') : format(value, 0);

function createHealth() {
  const list = byId('health');
  const rows = new Map();
  const put = (key, name, text, bad) => {
    if (!rows.has(key)) {
      const value = make('dd', {}), row = make('div', {}, make('dt', { textContent: name }), value);
      list.append(row);
      rows.set(key, { row, value });
    }
    const { row, value } = rows.get(key);
    value.textContent = text;
    row.classList.toggle('bad', bad);
  };
  return ({ health, status }) => {
    const set = STATUS_BITS.filter((_, bit) => status >> bit & 1);
    const causes = set.length ? ` – ${set.join(', ')}` : '';
    put('status', 'Meter status 97.97.0', `${status}${causes}`, (status & ~1) !== 0);
    for (const [key, value] of Object.entries(health)) {
      put(key, HEALTH_NAMES[key] || key.replaceAll('_', ' '), healthText(value),
        BAD_WHEN_SET.includes(key) && Boolean(value));
    }
  };
}

/* ---- head ---- */

/* The meter's own clock, against the time that is simulated. */
function clockWords({ fitted, valid, ahead_s: ahead, crystal_ppm: ppm, summer }) {
  if (!fitted) {
    return 'This meter has no clock: the time that is simulated';
  }
  if (!valid) {
    return 'The clock has lost its time and was not set since: metertool clock sync';
  }
  const off = Math.abs(ahead) < 0.005 ? 'right' : `${format(Math.abs(ahead), 2)} s ${ahead < 0 ? 'late' : 'early'}`;
  return `The meter’s clock, ${summer ? 'summer' : 'normal'} time; it is ${off}, its crystal gains ${format(ppm, 2)} ppm`;
}

function createHead() {
  return state => {
    byId('variant').textContent = state.variant;
    byId('serial').textContent = state.serial;
    byId('mains').textContent = state.mains.description;
    byId('time').textContent = (state.local || state.now).replace('T', ' ').replace('Z', ' UTC');
    byId('time').title = clockWords(state.clock);
    byId('time').classList.toggle('alert', state.clock.fitted && !state.clock.valid);
    document.title = `open382 ${state.variant} – ${state.serial}`;
  };
}

/* Colours follow the system until someone chooses. */
function createTheme(redraw) {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const root = document.documentElement, button = byId('theme');
  const words = { system: 'as the system', light: 'light', dark: 'dark' };
  let choice = 'system';
  try {
    choice = localStorage.getItem('open382-theme') || 'system';
  } catch { /* no storage: follow the system */ }
  const apply = () => {
    const dark = choice === 'dark' || (choice === 'system' && system.matches);
    root.toggleAttribute('data-dark', dark);
    button.setAttribute('aria-label', `Colours: ${words[choice]}`);
    button.title = `Colours: ${words[choice]}`;
    redraw();
  };
  button.addEventListener('click', () => {
    const other = system.matches ? 'light' : 'dark';
    choice = choice === 'system' ? other : 'system';
    try {
      localStorage.setItem('open382-theme', choice);
    } catch { /* not kept */ }
    apply();
  });
  system.addEventListener('change', apply);
  apply();
}

/* States come at once when the LED changes; figures and curves need not. */
const CHARTS_EVERY_MS = 90;

function createCharts() {
  const phasors = createPhasors(byId('phasors'));
  let last = null;
  const draw = () => {
    if (last === null || !shows('live')) {
      return;
    }
    const { phases, mains, total } = last;
    const numbers = phaseNumbers(last);
    const of = list => numbers.map(n => list[n - 1]);
    const harmonics = { u: of(mains.harmonics.u), i: of(mains.harmonics.i) };
    const { fullU, fullI } = drawPhasors(phasors, phases, numbers);
    byId('phasor-scale').textContent = `${format(fullU, 0)} V · ${fullI} A`;
    const distorted = [...harmonics.u, ...harmonics.i].some(list => list.length > 0);
    byId('wave-scale').textContent = distorted ? 'with harmonics' : '';
    const words = phases.map((phase, i) => `L${numbers[i]}: ${format(phase.u, 0)} volts at ` +
      `${format(phase.u_deg, 0)} degrees, ${format(phase.i, 2)} amperes lagging by ${format(phase.i_deg, 0)} degrees`);
    byId('phasors').setAttribute('aria-label', `Phasor diagram. ${words.join('. ')}`);
    drawWaves(byId('waves'), phases,
      { numbers, harmonics, frequency: total.f || mains.control.f });
  };
  addEventListener('resize', draw);
  onShown('live', draw);
  let drawn = 0;
  const show = state => {
    last = state;
    if (performance.now() - drawn > CHARTS_EVERY_MS) {
      drawn = performance.now();
      draw();
    }
  };
  return { draw, show };
}

function start() {
  const lost = byId('lost');
  let problemTimer = 0;
  const say = text => {
    lost.textContent = text;
    lost.hidden = text === '';
  };
  const report = line => {
    if (line !== null) {
      say(`The meter refused: ${line}`);
      clearTimeout(problemTimer);
      problemTimer = setTimeout(() => say(''), 5000);
    }
  };
  const charts = createCharts();
  createTheme(charts.draw);
  createRegisters();
  createTariff();
  createQuality();
  const views = [createHead(), createFront(), createBreaker(), createPrepay(), createBay(report), createTiles(), charts.show, createPhaseTable(), createEnergies(),
    createControls(report), createPins(report), createPorts(), createConsumer(), createAlarms(), createHealth(), createHistory(),
    createAnalysis(), createBilling(), createEvents()];
  createTabs();
  let linked = null, newest = null;
  const show = () => {
    const state = newest;
    newest = null;
    views.forEach(view => view(state));
  };
  listen(state => {
    if (newest === null) {
      requestAnimationFrame(show);
    }
    newest = state;
  }, link => {
    if (link !== linked) {
      linked = link;
      document.body.classList.toggle('stale', !link);
      say(link ? '' : 'Connection to the meter lost. Trying again…');
    }
  });
}

start();
