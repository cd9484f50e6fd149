/* The customer ports that push: to whom, what went out last, what comes next. */

import { byId, make } from './dom.js';

const clock = text => text === null ? '' : text.slice(11, 19);

function toWhom({ port, listeners, condition }) {
  if (port.startsWith('consumer tcp')) {
    return listeners === 0 ? 'nobody listens' : listeners === 1 ? 'one listens' : `${listeners} listen`;
  }
  return condition ?? '';
}

function lines(port) {
  return [['Pushes to', port.port.replace(/^consumer /, '')], ['There', toWhom(port)],
    ['Last', port.list === null ? 'nothing yet' : `${port.list}, ${port.bytes} octets, ${clock(port.last)} UTC`],
    ['Next', port.next === null ? 'no supply' : `${clock(port.next)} UTC`],
    ['Lists so far', String(port.count)]].filter(([, text]) => text !== '');
}

/* Returns a function that shows a state. */
export function createConsumer() {
  const card = byId('consumer');
  let shown = '';
  return ({ consumer }) => {
    const now = JSON.stringify(consumer);
    if (now === shown) {
      return;
    }
    shown = now;
    card.hidden = consumer.length === 0;
    byId('consumer-ports').replaceChildren(...consumer.map(port => make('dl', { className: 'health one' },
      ...lines(port).map(([name, text]) => make('div', {}, make('dt', { textContent: name }), make('dd', { textContent: text }))))));
  };
}
