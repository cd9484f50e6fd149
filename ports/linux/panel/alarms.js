/* What the meter has noticed of tampering, and the alarms that nobody has cleared. */

import { byId, make } from './dom.js';

const capital = text => text.charAt(0).toUpperCase() + text.slice(1);

function row({ text, holds, alarm, count, last }) {
  const node = make('li', { className: holds ? 'act-row holds' : 'act-row' },
    make('span', { className: 'act-text', textContent: capital(text) }),
    make('span', { className: 'act-state', textContent: holds ? 'now' : 'over' }),
    make('span', { className: 'act-when', textContent: `${count} ×, last ${last === null ? '–' : last.replace('T', ' ')}` }));
  if (alarm) {
    node.append(make('span', { className: 'act-alarm', textContent: 'alarm' }));
  }
  return node;
}

/* Returns a function that shows a state.  Nothing here changes the meter: the panel is the world around it, and clearing is for who
 * has its password. */
export function createAlarms() {
  const list = byId('tampering'), raised = byId('alarms-raised'), how = byId('alarms-how');
  let shown = '';
  return ({ tamper, alarms }) => {
    const now = JSON.stringify([tamper, alarms]);
    if (now === shown) {
      return;
    }
    shown = now;
    const seen = tamper.acts.filter(act => act.holds || act.count > 0);
    list.replaceChildren(...seen.map(row));
    list.hidden = seen.length === 0;
    const words = [...new Set(alarms)]; /* magnet and cover have a place in two words */
    const said = words.length === 0 ? 'No alarm' : `${words.length === 1 ? 'One alarm' : `${words.length} alarms`}: ${words.join(', ')}`;
    if (raised.textContent !== said) {
      raised.textContent = said;
    }
    raised.classList.toggle('bad', alarms.length > 0);
    how.hidden = alarms.length === 0;
  };
}
