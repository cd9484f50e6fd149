/* What a person does to the meter: the mains, disturbances, magnet and covers, speed. */

import { tell } from './link.js';

const byId = id => document.getElementById(id);
const SETTLE_MS = 1500; /* a control that was just moved does not follow the meter for so long */
const SEND_EVERY_MS = 80;

function make(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

/* Currents want fine steps near zero and still reach Imax: the slider runs on the cube. */
const cube = { to: (x, max) => (x / 1000) ** 3 * max, from: (v, max) => 1000 * (v / max) ** (1 / 3) };
const straight = { to: x => x, from: v => v };

const KINDS = {
  u: { name: 'U', unit: 'V', min: 0, max: 300, step: 0.1, digits: 1, scale: straight },
  i: { name: 'I', unit: 'A', min: 0, max: 100, step: 0.001, digits: 3, scale: cube },
  phi: { name: 'φ', unit: '°', min: -180, max: 180, step: 0.5, digits: 1, scale: straight },
};
const COMMON = [
  { key: 'f', label: 'f', title: 'Frequency', unit: 'Hz', min: 45, max: 65, step: 0.01, digits: 2 },
  { key: 'thd_u', label: 'U 5th', title: 'Fifth harmonic of the voltages', unit: '%',
    min: 0, max: 20, step: 0.1, digits: 1 },
  { key: 'thd_i', label: 'I 5th', title: 'Fifth harmonic of the currents', unit: '%',
    min: 0, max: 60, step: 0.1, digits: 1 },
  { key: 'temperature', label: 'Temp.', title: 'Temperature of the meter', unit: '°C',
    min: -40, max: 70, step: 0.5, digits: 1 },
].map(control => ({ scale: straight, ...control }));

function controlsOf(phases) {
  const list = [];
  for (let n = 1; n <= phases; n++) {
    list.push({ heading: `Phase L${n}` });
    for (const [key, kind] of Object.entries(KINDS)) {
      list.push({ ...kind, key: `${key}${n}`, label: `${kind.name}${n}`, phase: n,
        title: `${{ u: 'Voltage', i: 'Current', phi: 'Angle, current behind voltage,' }[key]} of L${n}` });
    }
  }
  return [...list, { heading: 'All phases' }, ...COMMON];
}

/* Sends the newest value of a name, at most every so often. */
function createSender(onProblem) {
  const waiting = new Map();
  let timer = 0;
  const flush = async () => {
    const batch = [...waiting];
    waiting.clear();
    timer = 0;
    for (const [name, value] of batch) {
      onProblem(await tell('/api/control', { name, value }));
    }
  };
  return (name, value) => {
    waiting.set(name, value);
    timer ||= setTimeout(flush, SEND_EVERY_MS);
  };
}

function makeControl(control, send) {
  const { key, min, max, step, digits, unit, scale } = control;
  const cubic = scale === cube;
  const range = make('input', { type: 'range', min: cubic ? 0 : min, max: cubic ? 1000 : max,
    step: cubic ? 1 : step });
  const number = make('input', { type: 'number', id: `set-${key}`, min, max, step: 'any' });
  const row = make('div', { className: `control ${control.phase ? `phase${control.phase}` : ''}` },
    make('label', { htmlFor: `set-${key}`, textContent: control.label, title: control.title }), range,
    make('div', { className: 'amount' }, number, make('span', { textContent: unit })));
  const state = { row, touched: -SETTLE_MS };
  range.setAttribute('aria-label', `${control.title} in ${unit}`);
  number.setAttribute('aria-label', `${control.title} in ${unit}`);
  const move = value => {
    range.value = scale.from(value, max);
    range.setAttribute('aria-valuetext', `${value.toFixed(digits)} ${unit}`);
  };
  range.addEventListener('input', () => {
    const value = Number(scale.to(Number(range.value), max).toFixed(digits));
    state.touched = performance.now();
    number.value = value.toFixed(digits);
    send(key, value);
  });
  number.addEventListener('change', () => {
    const value = Math.min(Math.max(Number(number.value) || 0, min), max);
    state.touched = performance.now();
    number.value = value.toFixed(digits);
    move(value);
    send(key, value);
  });
  state.show = value => {
    const busy = performance.now() - state.touched < SETTLE_MS || document.activeElement === number;
    if (value === undefined || busy) {
      return;
    }
    number.value = value.toFixed(digits);
    move(value);
  };
  return state;
}

/* label, what remains of the voltages in per cent, for how long */
const DIPS = [['Dip 60 %, 1 s', 60, 1000], ['Dip 0 %, 0.3 s', 0, 300], ['Swell 120 %, 1 s', 120, 1000]];
const SPEEDS = [[0, 'Pause'], [1, '1×'], [10, '10×'], [60, '1 min/s'], [600, '10 min/s'], [3600, '1 h/s'],
  [86400, '1 d/s'], ['max', 'Fastest']];
const BUTTONS_UP_TO = 10; /* above, two minutes are over before a person has read anything */

function createSwitch(id, tellIt) {
  const node = byId(id);
  node.addEventListener('click', () => tellIt(node.getAttribute('aria-pressed') !== 'true'));
  return on => node.setAttribute('aria-pressed', String(on));
}

function createActs(report) {
  const input = name => createSwitch(`act-${name}`, async on =>
    report(await tell('/api/input', { name, on })));
  const shows = Object.fromEntries(['magnet', 'cover', 'terminal_cover', 'seal'].map(name => [name, input(name)]));
  const cut = createSwitch('act-supply', async off =>
    report(await tell('/api/control', { name: 'supply', value: off ? 0 : 1 })));
  const tariffs = ['tariff_1', 'tariff_2'].map(name => [byId(`act-${name}`), input(name)]);
  return state => {
    Object.entries(shows).forEach(([name, show]) => show(state.inputs[name]));
    tariffs.forEach(([node, show], i) => {
      node.hidden = state.tariff_inputs[i] === null; /* configuration 1 lets it decide nothing */
      show(state.tariff_inputs[i] === true);
    });
    const off = Number(state.mains.control.supply) === 0;
    cut(off);
    byId('act-supply').firstElementChild.textContent = off ? 'Power is cut' : 'Cut the power';
  };
}

function speedWords(speed) {
  if (speed === 'max') {
    return 'as fast as it can';
  }
  const usual = { 0: 'standing still', 1: 'real time' };
  return usual[speed] || `${speed.toLocaleString('en')} simulated seconds a second`;
}

function createSpeeds(report) {
  const hint = byId('button-help'), usual = hint.textContent;
  const buttons = SPEEDS.map(([speed, textContent]) => {
    const node = make('button', { type: 'button', textContent });
    node.setAttribute('aria-pressed', 'false');
    node.addEventListener('click', async () => report(await tell('/api/speed', { speed })));
    byId('speeds').append(node);
    return [speed, node];
  });
  return state => {
    buttons.forEach(([speed, node]) => node.setAttribute('aria-pressed', String(speed === state.speed)));
    byId('speed-now').textContent = speedWords(state.speed);
    hint.textContent = state.speed === 'max' || state.speed > BUTTONS_UP_TO
      ? 'Two minutes of the meter pass in a blink at this speed: slow it down to use the buttons.' : usual;
  };
}

function createDisturbances(report) {
  const group = byId('disturbances');
  for (const [textContent, remains, ms] of DIPS) {
    const node = make('button', { type: 'button', className: 'small', textContent });
    node.addEventListener('click', async () =>
      report(await tell('/api/control', { name: 'dip_ms', value: ms }) ||
        await tell('/api/control', { name: 'dip', value: remains })));
    group.append(node);
  }
  group.append(make('button', { type: 'button', className: 'act', id: 'act-neutral',
    textContent: 'Neutral lost' }));
  const show = createSwitch('act-neutral', async on =>
    report(await tell('/api/control', { name: 'neutral', value: on ? 1 : 0 })));
  group.append(make('button', { type: 'button', className: 'act', id: 'act-sequence',
    textContent: 'L2 and L3 swapped' }));
  const swapped = createSwitch('act-sequence', async on =>
    report(await tell('/api/control', { name: 'sequence', value: on ? 1 : 0 })));
  byId('reset').addEventListener('click', async () =>
    report(await tell('/api/control', { name: 'reset', value: 1 })));
  return state => {
    show(Number(state.mains.control.neutral) === 1);
    swapped(Number(state.mains.control.sequence) === 1);
    byId('act-sequence').hidden = state.plate.systems !== 3;
  };
}

/* Returns a function that shows a state.  report(line | null) gets what the meter refused. */
export function createControls(report) {
  const form = byId('controls');
  const send = createSender(report);
  const showActs = createActs(report), showSpeeds = createSpeeds(report);
  const showDisturbances = createDisturbances(report);
  let rows = new Map(), phases = 0;
  form.addEventListener('submit', event => event.preventDefault());
  const build = count => {
    phases = count;
    rows = new Map();
    form.replaceChildren();
    let group = form;
    for (const control of controlsOf(count)) {
      if (control.heading) {
        group = make('fieldset', {}, make('legend', { textContent: control.heading }));
        form.append(group);
      } else {
        const row = makeControl(control, send);
        rows.set(control.key, row);
        group.append(row.row);
      }
    }
  };
  return state => {
    const wanted = state.plate.systems === 1 ? 1 : 3; /* an Aron build is fed by three phases, too */
    if (phases !== wanted) {
      build(wanted);
    }
    for (const [key, row] of rows) {
      row.show(state.mains.control[key]);
    }
    showActs(state);
    showSpeeds(state);
    showDisturbances(state);
  };
}
