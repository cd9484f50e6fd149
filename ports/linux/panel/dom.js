/* Words for building the page. */

const SVG = 'http://www.w3.org/2000/svg';

export const byId = id => document.getElementById(id);

export function make(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

export function shape(name, attributes, parent) {
  const node = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
  parent.append(node);
  return node;
}

/* A number for people: true minus, fixed places, thin groups. */
export function format(value, digits) {
  if (value === null || value === undefined || !Number.isFinite(value)) {
    return '–';
  }
  const text = Math.abs(value).toFixed(digits);
  const [whole, part] = text.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u2009');
  const sign = value < 0 && Number(text) !== 0 ? '−' : '';
  return sign + grouped + (part ? `.${part}` : '');
}

/* A row of buttons of which one is pressed.  choices: [[key, text, label], ...]; returns press(key), which does not
 * call onChoice. */
export function createChoice(host, choices, onChoice) {
  const buttons = new Map(choices.map(([key, text, label]) => {
    const node = make('button', { type: 'button', textContent: text });
    node.setAttribute('aria-label', label || text);
    node.addEventListener('click', () => onChoice(key));
    return [key, node];
  }));
  host.replaceChildren(...buttons.values());
  return wanted => buttons.forEach((node, key) => node.setAttribute('aria-pressed', String(key === wanted)));
}
