/* Phasor diagram (SVG) and waveforms (canvas), both from the state of the mains as the meter sees it. */

const SVG = 'http://www.w3.org/2000/svg';
const RADIUS = 92;

function node(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  parent.append(made);
  return made;
}

/* The next of 1, 2, 5, 10, ... at or above x. */
export function roundUp(x) {
  const power = 10 ** Math.floor(Math.log10(Math.max(x, 1e-3)));
  return [1, 2, 5, 10].map(m => m * power).find(m => m >= x * 0.999);
}

/* Where a phase's current is: it lags its own voltage by i_deg. */
const currentAngle = phase => phase.u_deg - phase.i_deg;

/* Degrees, counter-clockwise from the top. */
const at = (degrees, radius) => {
  const radians = (degrees + 90) * Math.PI / 180;
  return [radius * Math.cos(radians), -radius * Math.sin(radians)];
};

export function createPhasors(svg) {
  for (const part of [0.25, 0.5, 0.75, 1]) {
    node('circle', { class: 'grid-line', r: RADIUS * part }, svg);
  }
  for (let degrees = 0; degrees < 180; degrees += 30) {
    const [x, y] = at(degrees, RADIUS);
    node('line', { class: 'grid-axis', x1: x, y1: y, x2: -x, y2: -y }, svg);
  }
  const arrows = [1, 2, 3].map(n => ({
    i: node('line', { class: `i p${n}` }, svg), iHead: node('path', { class: `head p${n}` }, svg),
    u: node('line', { class: `u p${n}` }, svg), uHead: node('path', { class: `head p${n}` }, svg),
    label: node('text', { class: `p${n}` }, svg), n }));
  return { svg, arrows };
}

function drawArrow(line, head, degrees, length, size) {
  const shown = length > 1.5;
  const [x, y] = at(degrees, Math.max(length - size * 0.8, 0));
  line.setAttribute('x2', x.toFixed(2));
  line.setAttribute('y2', y.toFixed(2));
  line.style.display = head.style.display = shown ? '' : 'none';
  head.setAttribute('d', `M0 ${-length.toFixed(2)}l${size * 0.55} ${size * 1.4}h${-size * 1.1}z`);
  head.setAttribute('transform', `rotate(${(-degrees).toFixed(2)})`);
}

export function drawPhasors(chart, phases, numbers) {
  const fullU = Math.max(230 / 0.92, ...phases.map(phase => phase.u / 0.98));
  const fullI = roundUp(Math.max(0.05, ...phases.map(phase => phase.i)));
  chart.arrows.forEach(arrow => {
    const phase = phases[numbers.indexOf(arrow.n)] || { u: 0, i: 0, u_deg: 0, i_deg: 0 };
    const length = RADIUS * phase.u / fullU;
    drawArrow(arrow.u, arrow.uHead, phase.u_deg, length, 6.5);
    drawArrow(arrow.i, arrow.iHead, currentAngle(phase), RADIUS * 0.88 * phase.i / fullI, 8.5);
    const [x, y] = at(phase.u_deg, Math.max(length, 10) + 11);
    arrow.label.setAttribute('x', x.toFixed(1));
    arrow.label.setAttribute('y', y.toFixed(1));
    arrow.label.textContent = length > 1.5 ? `U${arrow.n}` : '';
  });
  return { fullU, fullI };
}

/* A wave of the given rms: a fundamental and its harmonics [[order, per cent, degrees], ...].  The fundamental's
 * angle is that of a cosine; harmonics are told as sines against the fundamental's sine, as lab/phasor.c has them. */
function waveOf(rms, degrees, harmonics) {
  const size = Math.SQRT2 * rms / Math.sqrt(1 + harmonics.reduce((sum, [, part]) => sum + (part / 100) ** 2, 0));
  const start = degrees * Math.PI / 180;
  return turns => {
    const angle = 2 * Math.PI * turns + start;
    return size * harmonics.reduce((sum, [order, part, shift]) =>
      sum + part / 100 * Math.sin(order * (angle + Math.PI / 2) + shift * Math.PI / 180), Math.cos(angle));
  };
}

/* Highest point of curves over one period. */
const peakOf = curves => Math.max(...curves.flatMap(curve =>
  Array.from({ length: 64 }, (_, n) => Math.abs(curve(n / 64)))));

function strip(context, box, colours, curves, full, unit) {
  const { left, top, width, height } = box, middle = top + height / 2;
  context.lineWidth = 1;
  context.strokeStyle = colours.grid;
  context.fillStyle = colours.soft;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const part of [-1, 0, 1]) {
    const y = Math.round(middle - part * height * 0.44) + 0.5;
    context.beginPath();
    context.moveTo(left, y);
    context.lineTo(left + width, y);
    context.stroke();
    context.fillText(part === 0 ? '0' : `${part < 0 ? '−' : ''}${full}`, left - 6, y);
  }
  context.textAlign = 'left';
  context.fillText(unit, left + 4, top + 8);
  curves.forEach((curve, index) => {
    context.beginPath();
    for (let x = 0; x <= width; x += 1.5) {
      const y = middle - curve(x / width * 2) / full * height * 0.44;
      context[x === 0 ? 'moveTo' : 'lineTo'](left + x, y);
    }
    context.strokeStyle = colours.phase[index];
    context.lineWidth = 1.8;
    context.stroke();
  });
}

/* Two periods; voltages above, currents below. */
export function drawWaves(canvas, phases, { numbers, harmonics, frequency }) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext('2d');
  const style = getComputedStyle(document.documentElement);
  const colour = name => style.getPropertyValue(name).trim();
  const colours = { grid: colour('--faint'), soft: colour('--soft'),
    phase: numbers.map(n => colour(`--l${n}`)) };
  const voltages = phases.map((p, n) => waveOf(p.u, p.u_deg, harmonics.u[n] || []));
  const currents = phases.map((p, n) => waveOf(p.i, currentAngle(p), harmonics.i[n] || []));
  const fullU = Math.max(400, Math.ceil(peakOf(voltages) / 100) * 100);
  const fullI = roundUp(Math.max(0.1, peakOf(currents)));
  const half = (height - 24) / 2, left = 34;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  strip(context, { left, top: 0, width: width - left, height: half }, colours, voltages,
    fullU, 'V');
  strip(context, { left, top: half + 6, width: width - left, height: half }, colours,
    currents, fullI, 'A');
  const period = 1000 / (frequency || 50);
  context.fillStyle = colours.soft;
  for (let n = 0; n <= 4; n++) {
    context.textAlign = n === 0 ? 'left' : n === 4 ? 'right' : 'center';
    context.fillText(`${(n * period / 2).toFixed(Math.abs(period - 20) < 0.005 ? 0 : 1)}${n === 4 ? ' ms' : ''}`,
      left + (width - left) * n / 4, height - 7);
  }
}
