/* What hangs at the module connector: relays that the meter switches, pulses that it sends, inputs to touch. */

import { byId, make } from './dom.js';
import { tell } from './link.js';

const PULSE_MS = 60;
const MODES = { off: 'nobody decides', tariff: 'by tariff', command: 'by command', table: 'by its table' };

function lampRow(text, on, more) {
  const node = make('li', { className: on ? 'pin-row on' : 'pin-row' },
    make('span', { className: 'pin-lamp' }), make('span', { className: 'pin-use', textContent: text }),
    make('span', { className: 'pin-more', textContent: more }));
  node.setAttribute('aria-label', `${text}: ${on ? 'on' : 'off'}${more ? `, ${more}` : ''}`);
  return node;
}

function relayRow({ mode, active, left_s: left }, i) {
  return lampRow(`Relay ${i + 1}`, active, [MODES[mode], left > 0 ? `on in ${left} s` : ''].filter(Boolean).join(', '));
}

function more({ sent, waiting, counted, register, unit }) {
  if (sent !== undefined) {
    return `${sent} sent${waiting > 0 ? `, ${waiting} waiting` : ''}`;
  }
  return counted !== undefined ? `${register}${unit ? ` ${unit}` : ''}, ${counted} pulses` : '';
}

/* Returns a function that shows a state; report tells what went wrong. */
export function createPins(report) {
  const card = byId('pins-card'), rows = byId('pins-rows');
  const inputs = [0, 1].map(i => ({ pulse: byId(`pin-pulse-${i + 1}`), level: byId(`act-pin_${i + 1}`) }));
  const set = async (i, on) => report(await tell('/api/input', { name: `pin_${i + 1}`, on }));
  inputs.forEach(({ pulse, level }, i) => {
    pulse.addEventListener('click', async () => {
      await set(i, true);
      setTimeout(() => set(i, false), PULSE_MS);
    });
    level.addEventListener('click', () => set(i, level.getAttribute('aria-pressed') !== 'true'));
  });
  let shown = '';
  return ({ module_pins: at }) => {
    const now = JSON.stringify(at);
    if (now === shown) {
      return;
    }
    shown = now;
    card.hidden = at.relays.length === 0 && at.pins.every(pin => pin === null);
    rows.replaceChildren(...at.relays.map(relayRow),
      ...at.pins.flatMap((pin, i) => pin === null ? [] : [lampRow(`Pin ${i + 1}: ${pin.use}`, pin.on, more(pin))]));
    inputs.forEach(({ pulse, level }, i) => {
      const pin = at.pins[i];
      pulse.hidden = pin === null || !pin.input || pin.counted === undefined;
      level.hidden = pin === null || !pin.input;
      level.setAttribute('aria-pressed', String(pin !== null && pin.on));
    });
  };
}
