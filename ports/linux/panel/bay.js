/* The module bay: slots with what is plugged, and the shelf with what could be.  A module is dragged into a slot, or
 * chosen from the slot's menu. */

import { byId, make, shape } from './dom.js';
import { tell } from './link.js';

const NAMES = { primary: 'Primary slot', secondary: 'Secondary slot', consumer: 'Consumer port (CCC)' };
const digits = code => String(code).padStart(3, '0');

/* A printed circuit with its connector: the same for all, the code tells them apart. */
function drawModule(code) {
  const picture = shape('svg', { viewBox: '0 0 84 52', class: 'bay-board', 'aria-hidden': 'true' }, document.createDocumentFragment());
  shape('rect', { class: 'bay-pcb', x: 1, y: 1, width: 82, height: 44, rx: 4 }, picture);
  for (let n = 0; n < 8; n++) {
    shape('rect', { class: 'bay-pin', x: 15 + n * 7, y: 44, width: 4, height: 7, rx: 1 }, picture);
  }
  shape('rect', { class: 'bay-chip', x: 54, y: 9, width: 20, height: 14, rx: 1.5 }, picture);
  shape('path', { class: 'bay-track', d: 'M10 38H30V31H60V23M64 23V38M10 33H24' }, picture);
  const text = shape('text', { class: 'bay-code', x: 9, y: 24 }, picture);
  text.textContent = digits(code);
  return picture;
}

function where({ line, program }) {
  return program ? 'A program of its own' : line.split(' ').slice(1).join(' ') || 'No line';
}

/* What hangs at the module: lamps for its outputs, switches for its inputs. */
function terminals(slot, list, act) {
  return make('p', { className: 'bay-terminals' }, ...list.map(({ name, input }) => {
    const node = make(input ? 'button' : 'span', { className: input ? 'small bay-input' : 'bay-output', textContent: name });
    node.dataset.terminal = `${slot} ${name}`;
    if (input) {
      node.type = 'button';
      node.addEventListener('click', () => act({ slot, set: name, on: node.getAttribute('aria-pressed') !== 'true' }));
    }
    return node;
  }));
}

/* Levels change often: they are shown without drawing the slots anew. */
function showLevels(root, { slots }) {
  for (const { slot, module } of slots) {
    for (const { name, input, level } of module ? module.terminals : []) {
      const node = root.querySelector(`[data-terminal="${slot} ${name}"]`);
      node.classList.toggle('on', level > 0);
      if (input) {
        node.setAttribute('aria-pressed', String(level > 0));
        node.title = level > 0 ? 'Voltage at the input: take it away' : 'No voltage at the input: put it on';
      } else {
        node.textContent = name === 'volt' ? `${level} V` : `${name} ${level > 0 ? 'on' : 'off'}`;
      }
    }
  }
}

function occupied(slot, { module, name }, configured, act) {
  const pull = make('button', { type: 'button', className: 'small', textContent: 'Pull out' });
  pull.setAttribute('aria-label', `Pull the module out of the ${NAMES[name].toLowerCase()}`);
  pull.addEventListener('click', () => act({ slot, pull: true }));
  const number = module.serial ? `, number ${module.serial}` : '';
  const article = module.article ? `${module.article.slice(0, 2)} ${module.article.slice(2, 4)} ${module.article.slice(4)}${number}` : '';
  const words = make('div', {}, make('p', { className: 'bay-name', textContent: module.name }),
    make('p', { className: 'bay-fine', textContent: article }), make('p', { className: 'bay-fine mono', textContent: where(module) }));
  if (module.terminals.length > 0) {
    words.append(terminals(slot, module.terminals, act));
  }
  if (module.other) {
    words.append(make('p', { className: 'bay-other',
      textContent: configured ? `The configuration names ${digits(configured)}` : 'The configuration names none' }));
  }
  return [drawModule(module.code), words, pull];
}

function empty(slot, { name }, shelf, act) {
  const menu = make('select', {}, make('option', { value: '', textContent: 'Empty – choose a module' }),
    ...shelf.map(({ type, code, name: title }) => make('option', { value: type, textContent: `${digits(code)} ${title}` })));
  menu.setAttribute('aria-label', `Module for the ${NAMES[name].toLowerCase()}`);
  const plug = make('button', { type: 'button', className: 'small', textContent: 'Plug in', disabled: true });
  menu.addEventListener('change', () => { plug.disabled = menu.value === ''; });
  plug.addEventListener('click', () => act({ slot, plug: menu.value }));
  return [menu, plug];
}

/* A slot takes what is dropped on it. */
function dropping(card, slot, act) {
  card.addEventListener('dragover', event => {
    if (event.dataTransfer.types.includes('text/open382-module')) {
      event.preventDefault();
      card.classList.add('over');
    }
  });
  card.addEventListener('dragleave', () => card.classList.remove('over'));
  card.addEventListener('drop', event => {
    event.preventDefault();
    card.classList.remove('over');
    act({ slot, plug: event.dataTransfer.getData('text/open382-module') });
  });
}

function slotCard(one, bay, act) {
  const card = make('div', { className: one.module ? 'bay-slot' : 'bay-slot free' });
  card.append(make('h3', { textContent: NAMES[one.name] }),
    ...(one.module ? occupied(one.slot, one, bay.configured, act) : empty(one.slot, one, bay.shelf, act)));
  card.classList.toggle('bad', Boolean(one.module && one.module.other));
  if (!one.module) {
    dropping(card, one.slot, act);
  }
  return card;
}

function chip({ type, code, name }) {
  const node = make('span', { className: 'bay-chip-free', draggable: true, title: `Drag it into a slot: ${name}` },
    make('b', { textContent: digits(code) }), ` ${name}`);
  node.addEventListener('dragstart', event => {
    event.dataTransfer.setData('text/open382-module', type);
    event.dataTransfer.effectAllowed = 'copy';
    byId('bay').classList.add('carrying');
  });
  node.addEventListener('dragend', () => byId('bay').classList.remove('carrying'));
  return node;
}

function radioWords(radio) {
  return { on: 'Radio on', off: 'Radio off' }[radio] || '';
}

/* Returns a function that shows a state.  report(line | null) gets what the meter refused. */
export function createBay(report) {
  const slots = byId('bay-slots'), shelf = byId('bay-shelf'), radio = byId('bay-radio'), said = byId('bay-said');
  let shown = '', before = null;
  const act = async request => report(await tell('/api/module', request));
  const announce = bay => {
    const now = bay.slots.map(({ name, module }) => `${NAMES[name]}: ${module ? module.name : 'empty'}`).join('. ');
    if (before !== null && now !== before) {
      said.textContent = now;
    }
    before = now;
  };
  return ({ bay }) => {
    const text = JSON.stringify(bay, (key, value) => (key === 'level' ? undefined : value));
    if (text === shown) {
      showLevels(slots, bay);
      return; /* nothing is drawn anew under a person's hands */
    }
    shown = text;
    slots.replaceChildren(...bay.slots.map(one => slotCard(one, bay, act)));
    showLevels(slots, bay);
    shelf.replaceChildren(...bay.shelf.map(chip));
    radio.textContent = radioWords(bay.radio);
    radio.classList.toggle('off', bay.radio === 'off');
    const missing = bay.other && !bay.slots[0].module;
    byId('bay-missing').hidden = !missing;
    byId('bay-missing').textContent = missing ? `The module of the configuration, ${digits(bay.configured)}, is not there.` : '';
    announce(bay);
  };
}
