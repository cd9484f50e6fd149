/*
 * The LCD as glass and segments.  Everything the glass has is drawn once; update() lights what a frame says.
 * Lengths are millimetres of the real glass: value digits 7 mm, identification 5 mm, small signs 3 mm.
 * The frame is the meter's own segment buffer (app/display/display_frame.h): nothing is drawn from text.
 */

const SVG = 'http://www.w3.org/2000/svg';

/* Bits of enum display_icon, app/display/display_frame.h. */
export const ICON = {
  P_PLUS: 1 << 0, P_MINUS: 1 << 1, Q_PLUS: 1 << 2, Q_MINUS: 1 << 3,
  ERROR: 1 << 4, TAMPER: 1 << 5,
  L: [1 << 6, 1 << 7, 1 << 8],
  CURRENT: [1 << 9, 1 << 10, 1 << 11],
  EXPORT: [1 << 12, 1 << 13, 1 << 14],
  SEQUENCE_123: 1 << 15, SEQUENCE_132: 1 << 16,
  PREPAYMENT: 1 << 17, RADIO: 1 << 18, BREAKER_CLOSED: 1 << 19, BREAKER_OPEN: 1 << 20,
  MODULE: [1 << 21, 1 << 22, 1 << 23, 1 << 24],
  TARIFF: 1 << 25,
};

/* What only the glass of the M generation has (docs/display.md). */
const ICONS_ONLY_M = ICON.TAMPER | ICON.SEQUENCE_123 | ICON.SEQUENCE_132 | ICON.PREPAYMENT | ICON.RADIO |
  ICON.BREAKER_CLOSED | ICON.BREAKER_OPEN | ICON.MODULE.reduce((bits, bit) => bits | bit);

function element(name, attributes, parent) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    node.setAttribute(key, value);
  }
  if (parent) {
    parent.append(node);
  }
  return node;
}

const points = list => list.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(' ');

/* A segment is a bar with pointed ends, from one joint to the next. */
function bar([x0, y0], [x1, y1], width, gap) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  const ux = (x1 - x0) / length, uy = (y1 - y0) / length;
  const half = width / 2;
  const at = (along, across) => [x0 + ux * along - uy * across, y0 + uy * along + ux * across];
  return points([at(gap, 0), at(gap + half, -half), at(length - gap - half, -half),
    at(length - gap, 0), at(length - gap - half, half), at(gap + half, half)]);
}

/* Joints of a digit, seven segments a..g in the order of the frame's bits. */
function sevenSegments(parent, x, y, width, height, thickness) {
  const left = x + thickness / 2, right = x + width - thickness / 2;
  const top = y + thickness / 2, bottom = y + height - thickness / 2, middle = y + height / 2;
  const joints = [[[left, top], [right, top]], [[right, top], [right, middle]],
    [[right, middle], [right, bottom]], [[left, bottom], [right, bottom]],
    [[left, middle], [left, bottom]], [[left, top], [left, middle]],
    [[left, middle], [right, middle]]];
  return joints.map(([from, to]) =>
    element('polygon', { class: 'seg', points: bar(from, to, thickness, thickness * 0.1) }, parent));
}

/* Fourteen: the outline, the middle in two halves, verticals and diagonals. */
function fourteenSegments(parent, x, y, width, height, thickness) {
  const left = x + thickness / 2, right = x + width - thickness / 2, centre = x + width / 2;
  const top = y + thickness / 2, bottom = y + height - thickness / 2, middle = y + height / 2;
  const near = thickness * 0.75;
  const joints = [[[left, top], [right, top]], [[right, top], [right, middle]],
    [[right, middle], [right, bottom]], [[left, bottom], [right, bottom]],
    [[left, middle], [left, bottom]], [[left, top], [left, middle]],
    [[left, middle], [centre, middle]], [[centre, middle], [right, middle]],
    [[left + near, top + near], [centre - near / 2, middle - near / 2]],
    [[centre, top + near], [centre, middle]],
    [[right - near, top + near], [centre + near / 2, middle - near / 2]],
    [[left + near, bottom - near], [centre - near / 2, middle + near / 2]],
    [[centre, middle], [centre, bottom - near]],
    [[right - near, bottom - near], [centre + near / 2, middle + near / 2]]];
  return joints.map(([from, to]) =>
    element('polygon', { class: 'seg', points: bar(from, to, thickness, thickness * 0.1) }, parent));
}

/* Segments of a character on fourteen: a b c d e f, g1 g2, NW N NE SW S SE from bit 0. */
const FOURTEEN = {
  0: 0x003F, 1: 0x0006, 2: 0x00DB, 3: 0x00CF, 4: 0x00E6, 5: 0x00ED, 6: 0x00FD, 7: 0x0007, 8: 0x00FF,
  9: 0x00EF, A: 0x00F7, B: 0x128F, C: 0x0039, D: 0x120F, E: 0x00F9, F: 0x00F1, G: 0x00BD, H: 0x00F6,
  I: 0x1209, J: 0x001E, K: 0x2470, L: 0x0038, M: 0x0536, N: 0x2136, O: 0x003F, P: 0x00F3, Q: 0x203F,
  R: 0x20F3, S: 0x00ED, T: 0x1201, U: 0x003E, V: 0x0C30, W: 0x2836, X: 0x2D00, Y: 0x1500, Z: 0x0C09,
  '+': 0x12C0, '-': 0x00C0, '/': 0x0C00, '*': 0x3FC0, '_': 0x0008, '=': 0x00C8, '\x7f': 0x3FFF,
};

const fourteenOf = character => FOURTEEN[character.toUpperCase()] || 0;

/* Letters of the unit field as strokes on a cell 1 high; [width, path]. */
const LETTERS = {
  k: [0.46, 'M.06 0V1M.44.34L.06.68M.2.56L.46 1'],
  W: [0.78, 'M.04 0L.22 1L.39.2L.56 1L.74 0'],
  V: [0.56, 'M.03 0L.28 1L.53 0'],
  A: [0.56, 'M.03 1L.28 0L.53 1M.12.66H.44'],
  v: [0.42, 'M.03.34L.21 1L.39.34'],
  a: [0.44, 'M.06.42Q.36.24.38.54V1M.38.64Q.05.6.05.82Q.08 1.04.38.86'],
  r: [0.3, 'M.06.34V1M.06.56Q.12.34.3.38'],
  h: [0.46, 'M.06 0V1M.06.58Q.14.34.28.36Q.4.38.4.6V1'],
  H: [0.54, 'M.06 0V1M.48 0V1M.06.5H.48'],
  z: [0.4, 'M.04.36H.36L.04.98H.36'],
  '°': [0.3, 'M.15.03A.13.13 0 1 1 .149.03Z'],
};

/* Two lines of signs; a unit is those that spell it.  The number tells signs of the same letters apart. */
const UNIT_LINES = [
  [['k', 0], ['W', 2.4], ['h', 6.1], ['V', 11.2], ['A', 14.2], ['Hz', 19]],
  [['k2', 0], ['var', 2.4], ['h2', 8.5], ['k3', 13], ['VA', 15.3], ['h3', 20.8], ['°', 24.6]],
];
const UNIT_SIGNS = {
  '': [], kWh: ['k', 'W', 'h'], kW: ['k', 'W'], h: ['h'], V: ['V'], A: ['A'], Hz: ['Hz'],
  kvarh: ['k2', 'var', 'h2'], kvar: ['k2', 'var'], kVAh: ['k3', 'VA', 'h3'], kVA: ['k3', 'VA'],
  deg: ['°'], '°': ['°'], all: UNIT_LINES.flat().map(([name]) => name),
};

function unitField(parent, x, y, height, pitch) {
  return UNIT_LINES.flatMap((line, row) => line.map(([name, offset]) => {
    const group = element('g', { class: 'seg stroke' }, parent);
    let along = x + offset;
    for (const letter of name.replace(/\d/, '')) {
      const [width, path] = LETTERS[letter];
      element('path', { d: path,
        transform: `translate(${along.toFixed(2)} ${y + row * pitch}) scale(${height})` }, group);
      along += (width + 0.12) * height;
    }
    return { name, group };
  }));
}

/* A symbol: a path (filled) or text, at a place. */
function symbol(parent, path, transform, extra = '') {
  return element('path', { class: `seg ${extra}`, d: path, transform }, parent);
}

function label(parent, text, x, y, size, anchor = 'start') {
  const node = element('text', { class: 'seg label', x, y, 'font-size': size,
    'text-anchor': anchor }, parent);
  node.textContent = text;
  return node;
}

const HAND = 'M1.1 5V2.1Q1.1 1.6 1.45 1.6T1.8 2.1V3.2V1.1Q1.8.6 2.2.6T2.6 1.1V3V.8Q2.6.3 3 .3T3.4.8V3V1.3' +
  'Q3.4.9 3.8.9T4.2 1.3V3.7L4.6 3.1Q5 2.7 5.3 3.1L4.5 5.2Q4.1 6.2 3 6.2T1.1 5Z';
const TRIANGLE = 'M3 .3L6 5.9H0ZM2.7 2.2L2.85 4.2H3.15L3.3 2.2ZM2.7 4.6V5.2H3.3V4.6Z';
const ANTENNA = 'M2.75 2.6H3.25L3.7 6H2.3ZM1.5 1.2Q.9 2.1 1.5 3L1.85 2.8Q1.4 2.1 1.85 1.4ZM.6.5Q-.5 2.1.6 3.7' +
  'L1 3.5Q0 2.1 1 .7ZM4.5 1.2Q5.1 2.1 4.5 3L4.15 2.8Q4.6 2.1 4.15 1.4ZM5.4.5Q6.5 2.1 5.4 3.7L5 3.5Q6 2.1 5 .7Z';
const ARROW = 'M0 .75H1.8V0L3.5 1.15 1.8 2.3V1.55H0Z';
const LOOP = 'M.5 2.4A2 2 0 0 1 4.1 1.1L4.7.6V2.5H2.9L3.6 1.8A1.3 1.3 0 0 0 1.2 2.4Z';
const BREAKER_CLOSED = 'M0 2.1H5.4V2.7H0ZM1.2 1.6V3.2H1.7V1.6ZM3.7 1.6V3.2H4.2V1.6Z';
const BREAKER_OPEN = 'M0 2.1H1.5V2.7H0ZM1.3 2.1L3.9.5 4.2 1 1.6 2.6ZM3.9 2.1H5.4V2.7H3.9Z';

function drawQuadrant(parent, x, y) {
  element('path', { class: 'frame', d: `M${x - 4.2} ${y}H${x + 4.2}M${x} ${y - 4.2}V${y + 4.2}` }, parent);
  const arrow = (turn) => symbol(parent, 'M1.3-.55H2.6V-1.25L4.5 0 2.6 1.25V.55H1.3Z',
    `translate(${x} ${y}) rotate(${turn})`);
  return [[ICON.P_PLUS, arrow(0)], [ICON.P_MINUS, arrow(180)], [ICON.Q_PLUS, arrow(-90)],
    [ICON.Q_MINUS, arrow(90)]];
}

/* One phase: its name, and the arrow of its current with a minus for export. */
function drawPhase(parent, index, x, y) {
  const name = label(parent, `L${index + 1}`, x, y + 3, 3.9);
  const minus = symbol(parent, 'M0 1.1H1.5V1.6H0Z', `translate(${x + 5.2} ${y + 0.1})`);
  const back = symbol(parent, ARROW, `translate(${x + 10.6} ${y + 2.6}) rotate(180)`);
  const ahead = symbol(parent, ARROW, `translate(${x + 11.2} ${y + 0.3})`);
  const plus = symbol(parent, 'M.5.5V0H1V.5H1.5V1H1V1.5H.5V1H0V.5Z', `translate(${x + 15.1} ${y + 0.7})`);
  return { name, minus, back, plus, ahead };
}

/* Draw the glass at 0,0: 100 x 38 mm.  Returns update(display), and generation(isM), which hides what older
 * glasses do not have. */
export function createLcd(group) {
  const ident = [], identPoints = [], value = [], valuePoints = [], valueColons = [], text = [];
  const slant = element('g', { transform: 'skewX(-4) translate(2.4 0)' }, group);
  const onlyM = element('g', { class: 'only-m', transform: 'skewX(-4) translate(2.4 0)' }, group);
  for (let i = 0; i < 7; i++) {
    const x = 15 + i * 4.75;
    ident.push(sevenSegments(slant, x, 4.4, 3.1, 5, 0.62));
    identPoints.push([1, 3, 4].includes(i) &&
      element('circle', { class: 'seg', cx: x + 3.95, cy: 9.1, r: 0.42 }, slant));
  }
  for (let i = 0; i < 4; i++) {
    text.push(fourteenSegments(onlyM, 51 + i * 5.3, 4.4, 3.7, 5, 0.5));
  }
  for (let i = 0; i < 9; i++) {
    const x = 4 + i * 6.7, mark = x + 5.5;
    value.push(sevenSegments(slant, x, 15.6, 4.4, 7, 0.86));
    valuePoints.push(i >= 4 && i <= 7 &&
      element('circle', { class: 'seg', cx: mark, cy: 22.1, r: 0.52 }, slant));
    valueColons.push((i === 4 || i === 6) && [17.9, 20.3].map(cy =>
      element('circle', { class: 'seg', cx: mark, cy, r: 0.48 }, slant)));
  }
  const unit = unitField(group, 69.3, 14.4, 4, 5.4);
  const icons = drawQuadrant(group, 7.6, 7);
  icons.push([ICON.TAMPER, symbol(group, HAND, 'translate(78 3.5)')],
    [ICON.ERROR, symbol(group, TRIANGLE, 'translate(85.2 3.7)', 'evenodd')],
    [ICON.RADIO, symbol(group, ANTENNA, 'translate(93 3.7)')]);
  const phases = [0, 1, 2].map(i => drawPhase(group, i, 4 + i * 19.6, 26.6));
  icons.push([ICON.SEQUENCE_123, symbol(group, LOOP, 'translate(64 26)')],
    [ICON.SEQUENCE_132, symbol(group, LOOP, 'translate(75.2 26) scale(-1 1)')],
    [ICON.PREPAYMENT, label(group, 'PP', 78, 29.6, 4)],
    [ICON.BREAKER_CLOSED, symbol(group, BREAKER_CLOSED, 'translate(62.6 31.6)')],
    [ICON.BREAKER_OPEN, symbol(group, BREAKER_OPEN, 'translate(70.4 31.6)')],
    [ICON.TARIFF, label(group, 'T', 88.6, 29.6, 4)]);
  phases.forEach(({ minus, back, plus, ahead }) =>
    [minus, back, plus, ahead].forEach(node => node.classList.add('only-m')));
  ICON.MODULE.forEach((bit, i) => icons.push([bit, label(group, `M${i + 1}`, 4 + i * 7, 35, 3)]));
  icons.filter(([bit]) => bit & ICONS_ONLY_M).forEach(([, node]) => node.classList.add('only-m'));
  const tariff = sevenSegments(group, 92, 26.6, 2, 3, 0.4);
  const light = (node, on) => node && node.classList.toggle('lit', Boolean(on));
  const digit = (nodes, bits) => nodes.forEach((node, i) => light(node, bits >> i & 1));
  const glass = { ident, identPoints, value, valuePoints, valueColons, text, unit, icons, phases,
    tariff, light, digit };
  return { update: display => lcdUpdate(glass, display),
    generation: isM => group.classList.toggle('basic', !isM) };
}

function lcdUpdate(glass, display) {
  const { light, digit } = glass;
  const lit = bit => display.icons & bit;
  const test = display.unit === 'all';
  glass.ident.forEach((nodes, i) => digit(nodes, display.ident[i]));
  glass.value.forEach((nodes, i) => digit(nodes, display.value[i]));
  glass.identPoints.forEach((node, i) => light(node, display.ident_points >> i & 1));
  glass.valuePoints.forEach((node, i) => light(node, display.value_points >> i & 1));
  glass.valueColons.forEach((pair, i) => pair &&
    pair.forEach(node => light(node, display.value_colons >> i & 1)));
  glass.text.forEach((nodes, i) => digit(nodes, fourteenOf(display.text[i] || ' ')));
  digit(glass.tariff, display.tariff);
  glass.icons.forEach(([bit, node]) => light(node, lit(bit)));
  glass.phases.forEach((phase, i) => {
    const flows = lit(ICON.CURRENT[i]), out = lit(ICON.EXPORT[i]);
    light(phase.name, lit(ICON.L[i]));
    light(phase.ahead, flows && (!out || test));
    light(phase.plus, flows && (!out || test));
    light(phase.back, flows && out);
    light(phase.minus, flows && out);
  });
  const signs = UNIT_SIGNS[display.unit] || [];
  glass.unit.forEach(({ name, group }) => light(group, signs.includes(name)));
}
