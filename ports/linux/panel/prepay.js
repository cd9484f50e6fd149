/* Prepayment: what is left, and the field for a token that was bought. */

import { byId, format } from './dom.js';
import { tell } from './link.js';

function words({ on, left_kwh: left, owed, days, low_left_s: low }) {
  const rest = `${format(left, 3)} kWh ${owed ? 'owed' : 'left'}`;
  const lasts = days === null ? '' : ` – lasts about ${days} day${days === 1 ? '' : 's'}`;
  const limit = low > 0 ? ' – the low limit is being used' : '';
  return on ? `Prepayment: ${rest}${owed ? '' : lasts}${limit}` : `Prepayment is off, ${rest}`;
}

/* Digits in groups of four, as receipts print them. */
const grouped = text => text.replace(/\D/g, '').slice(0, 20).replace(/(\d{4})(?=\d)/g, '$1 ');

/* Returns a function that shows a state. */
export function createPrepay() {
  const card = byId('prepay'), field = byId('prepay-token'), said = byId('prepay-said');
  field.addEventListener('input', () => {
    const behind = field.value.length - field.selectionStart;
    field.value = grouped(field.value);
    field.setSelectionRange(field.value.length - behind, field.value.length - behind);
    said.textContent = '';
  });
  byId('prepay-form').addEventListener('submit', async event => {
    event.preventDefault();
    const refused = await tell('/api/token', { digits: field.value });
    said.textContent = refused === null ? 'The token has been taken.' : `Not taken: ${refused}.`;
    said.classList.toggle('bad', refused !== null);
    if (refused === null) {
      field.value = '';
    }
  });
  return ({ prepay }) => {
    card.hidden = prepay === null || (!prepay.on && prepay.last === null);
    if (card.hidden) {
      return;
    }
    card.classList.toggle('soon', prepay.warns);
    byId('prepay-form').hidden = !prepay.on;
    const text = words(prepay);
    if (byId('prepay-words').textContent !== text) {
      byId('prepay-words').textContent = text;
    }
    byId('prepay-wait').textContent = prepay.token_wait_s > 0
      ? `Wrong tokens came: the next is looked at in ${prepay.token_wait_s} s.` : '';
  };
}
