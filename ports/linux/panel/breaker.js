/* The breaker, its red lamp, and the house behind it. */

import { byId } from './dom.js';

const HOW = {
  dark: 'To open it: one short press of the left button leads to 128.0.0, then hold the button for 6 s.',
  lit: 'It takes a command, or the end of the wait, before the button can close it.',
  flashing: 'To close it: hold the left button for 6 s at 128.0.0; after a release also at the first list. It closes 5 s later.',
};

function words({ text, moving, error, opens_in_s: left, position }) {
  const more = [moving ? 'moving' : '', error ? 'the relays are not where they should be' : '',
    left > 0 ? `opens in ${left} s` : '', position === 'unknown' ? 'position not known' : ''].filter(Boolean);
  return `Breaker ${text}${more.length ? ` – ${more.join(', ')}` : ''}`;
}

/* Returns a function that shows a state. */
export function createBreaker() {
  const card = byId('breaker'), lamp = byId('breaker-lamp'), mark = byId('breaker-mark');
  return ({ breaker }) => {
    card.hidden = breaker === null;
    for (const node of [lamp, mark]) {
      node.classList.toggle('fitted', breaker !== null);
    }
    if (breaker === null) {
      return;
    }
    const live = breaker.house.filter(Boolean).length;
    lamp.classList.toggle('on', breaker.lamp === 'lit');
    lamp.classList.toggle('flash', breaker.lamp === 'flashing');
    card.classList.toggle('bad', breaker.error);
    card.classList.toggle('soon', breaker.opens_in_s > 0);
    byId('house').classList.toggle('live', live > 0);
    byId('house').setAttribute('data-position', breaker.position);
    const said = words(breaker);
    if (byId('breaker-words').textContent !== said) {
      byId('breaker-words').textContent = said;
    }
    byId('house-words').textContent = live === breaker.house.length ? 'The house has voltage.'
      : live === 0 ? 'The house has no voltage.'
        : `The house has voltage on ${breaker.house.map((on, i) => on ? `L${i + 1}` : '').filter(Boolean).join(', ')} only.`;
    byId('breaker-how').textContent = HOW[breaker.lamp];
  };
}
