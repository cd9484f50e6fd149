/* The meter's front: type plate, terminals, LED, push buttons. */

import { createLcd } from './lcd.js';
import { tell } from './link.js';

const SVG = 'http://www.w3.org/2000/svg';
const LONG_PRESS_MS = 6000;
const OPEN_PRESS_MS = 2000; /* opens a log */
const FLASH_MS = 30;
const FLASHES_A_SECOND_MAX = 16; /* what 30 ms on and 30 ms off leave room for */

const byId = id => document.getElementById(id);
const calm = matchMedia('(prefers-reduced-motion: reduce)');

function shape(name, attributes, parent) {
  const node = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
  parent.append(node);
  return node;
}

/* Terminals 1..12: in and out of each phase at 1 3, 4 6, 7 9, the neutral at 10 12; 2 5 8 11 are voltage taps. */
function drawTerminals(group) {
  for (let n = 0; n < 12; n++) {
    const x = 19.5 + n * 12.1, tap = n % 3 === 1, size = tap ? 2.4 : 4.6;
    shape('circle', { class: 'terminal-screw', cx: x, cy: 206, r: size }, group);
    shape('path', { class: 'terminal-slot', d: `M${x - size * 0.6} 206H${x + size * 0.6}` }, group);
    shape('rect', { class: 'terminal-hole', x: x - size, y: 232, width: 2 * size, height: 2.4 * size,
      rx: 1 }, group);
    if (!tap) {
      shape('path', { class: `wire${Math.floor(n / 3) + 1}`, d: `M${x - 3.4} 237h6.8v23.8h-6.8z` }, group);
    }
    const text = shape('text', { class: 'terminal-number', x, y: 222 }, group);
    text.textContent = String(n + 1);
  }
}

/* Interleaved two of five: what stands on a real plate below the number. */
function drawBarcode(group, digits) {
  const narrow = { 0: '00110', 1: '10001', 2: '01001', 3: '11000', 4: '00101', 5: '10100', 6: '01100',
    7: '00011', 8: '10010', 9: '01010' };
  const even = digits.length % 2 ? `0${digits}` : digits;
  let widths = '0000';
  for (let i = 0; i < even.length; i += 2) {
    const bars = narrow[even[i]], gaps = narrow[even[i + 1]];
    [...bars].forEach((bar, k) => { widths += bar + gaps[k]; });
  }
  widths += '100';
  const unit = 72 / [...widths].reduce((sum, w) => sum + (w === '1' ? 2.5 : 1), 0);
  let x = 0;
  group.replaceChildren();
  [...widths].forEach((w, i) => {
    const width = (w === '1' ? 2.5 : 1) * unit;
    if (i % 2 === 0) {
      shape('rect', { x: x.toFixed(2), y: 0, width: width.toFixed(2), height: 9 }, group);
    }
    x += width;
  });
}

/* Wires of the mains: one, two or three phases, and the neutral where there is one. */
const SCHEMES = { single: 'M35 137.6V142.6M38.4 137.6V142.6', aron: 'M35 137.6V142.6M38.4 137.6V142.6M41.8 137.6V142.6',
  star: 'M35 137.6V142.6M38.4 137.6V142.6M41.8 137.6V142.6M45.2 137.6V142.6' };

function drawPlate(state) {
  const { plate, energy } = state;
  const scheme = plate.systems === 1 ? 'single' : plate.aron ? 'aron' : 'star';
  const u = plate.nominal_v, between = Math.round(u * Math.sqrt(3) / 10) * 10;
  const wired = { single: `${u} V`, aron: `3×${u} V`, star: `3×${u}/${between} V` };
  const say = (id, text) => { byId(`plate-${id}`).textContent = text; };
  say('kind', `Static ${scheme === 'single' ? 'single' : 'three'}-phase meter`);
  say('type', state.variant);
  say('voltage', `${wired[scheme]}  ${plate.frequency_60hz ? '50/60' : '50'} Hz`);
  say('current', `${plate.basic_a}(${plate.max_a}) A`);
  say('class', `Class ${plate.class}`);
  say('energies', Object.keys(energy).filter(code => /^[1-4]\.8\.0$/.test(code))
    .map(code => ['A+', 'A−', 'R+', 'R−'][code[0] - 1]).join(' '));
  say('constant', `${state.pulses.per_kwh} imp/kWh`);
  say('serial', `No. ${state.serial}`);
  say('order', plate.order);
  say('owner', plate.owner);
  byId('plate-scheme').setAttribute('d', SCHEMES[scheme]);
  drawBarcode(byId('barcode'), String(state.serial).replace(/\D/g, '') || '0');
}

/* The LED flashes once for each pulse that the meter's own LED has shown, spread over the time since the last state;
 * a meter configured so lights it between them while nothing is consumed. */
function createLed() {
  const lamp = byId('led'), glow = byId('led-glow');
  let counted = null, waiting = 0, pace = 1000, next = 0, offAt = 0, last = 0, idle = false;
  const light = on => [lamp, glow].forEach(node => node.classList.toggle('on', on));
  function frame(now) {
    if (waiting >= 1 && now >= next) {
      waiting -= 1;
      next = Math.max(next + pace, now);
      offAt = now + FLASH_MS;
      light(true);
    } else if (offAt !== 0 && now >= offAt) {
      offAt = 0;
      light(idle);
    }
    requestAnimationFrame(frame);
  }
  requestAnimationFrame(frame);
  return pulses => {
    const now = performance.now(), passed = Math.min(now - last, 2000);
    const added = counted === null ? 0 : Math.max(pulses.flashes - counted, 0);
    counted = pulses.flashes;
    last = now;
    lamp.classList.toggle('steady', calm.matches);
    if (idle !== pulses.idle) {
      idle = pulses.idle;
      light(idle || offAt !== 0);
    }
    if (added > 0 && !calm.matches) {
      const most = Math.max(1, Math.floor(passed / 1000 * FLASHES_A_SECOND_MAX));
      waiting = Math.min(waiting + added, most);
      pace = passed / waiting;
    }
  };
}

/* A push button: mouse, touch and keyboard; the ring fills until the press is a long one. */
function createButton(node, which, onPress) {
  const ring = node.querySelector('.hold');
  let since = 0;
  const frame = now => {
    if (since === 0) {
      return;
    }
    const part = Math.min((now - since) / LONG_PRESS_MS, 1);
    ring.style.strokeDasharray = `${(part * 100).toFixed(1)} 100`;
    node.classList.toggle('open', now - since >= OPEN_PRESS_MS);
    node.classList.toggle('long', part >= 1);
    requestAnimationFrame(frame);
  };
  const press = pressed => {
    if (pressed === (since !== 0)) {
      return;
    }
    since = pressed ? performance.now() : 0;
    node.classList.toggle('down', pressed);
    node.classList.remove('open', 'long');
    ring.style.strokeDasharray = '0 100';
    onPress();
    tell('/api/button', { button: which, pressed });
    requestAnimationFrame(frame);
  };
  node.addEventListener('pointerdown', event => {
    if (event.button === 0) {
      node.setPointerCapture(event.pointerId);
      press(true);
    }
  });
  for (const end of ['pointerup', 'pointercancel', 'lostpointercapture', 'blur']) {
    node.addEventListener(end, () => press(false));
  }
  node.addEventListener('keydown', event => {
    if ([' ', 'Enter'].includes(event.key)) {
      event.preventDefault();
      press(true);
    }
  });
  node.addEventListener('keyup', event => [' ', 'Enter'].includes(event.key) && press(false));
  node.addEventListener('contextmenu', event => event.preventDefault());
}

/* Returns a function that shows a state. */
export function createFront() {
  const lcd = createLcd(byId('lcd'));
  const led = createLed();
  let drawn = '', line = '', listenUntil = 0;
  drawTerminals(byId('terminals'));
  const pressed = () => { listenUntil = performance.now() + 8000; };
  createButton(byId('button-left'), 'left', pressed);
  createButton(byId('button-right'), 'right', pressed);
  return state => {
    const identity = `${state.variant}/${state.serial}/${Object.keys(state.energy).length}`;
    if (identity !== drawn) {
      drawn = identity;
      drawPlate(state);
      lcd.generation(/^(382|162)M/.test(state.variant));
    }
    lcd.update(state.display);
    led(state.pulses);
    const now = state.display.line || (state.display.on ? '' : 'dark');
    if (now !== line) {
      line = now;
      byId('lcd-line').textContent = line;
      /* a screen reader hears the display after a button, not every ten seconds */
      if (performance.now() < listenUntil) {
        byId('lcd-said').textContent = line;
      }
    }
    const { magnet, cover, terminal_cover: terminals, seal } = state.inputs;
    byId('magnet').classList.toggle('on', magnet);
    byId('terminal-cover').classList.toggle('off', terminals);
    byId('front').classList.toggle('cover-open', cover);
    byId('seals').classList.toggle('broken', cover || terminals || seal);
  };
}
