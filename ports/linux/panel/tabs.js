/* The views of the readings: one is shown, its name stands in the page's address, arrow keys go from tab to tab. */

import { byId } from './dom.js';

const shownCalls = new Map();
let current = '';

export const shows = name => current === name && !document.hidden;

/* Call when this view comes up. */
export const onShown = (name, call) => shownCalls.set(name, [...(shownCalls.get(name) || []), call]);

export function createTabs() {
  const tabs = [...document.querySelectorAll('[role="tab"]')];
  const nameOf = tab => tab.id.replace('tab-', '');
  const select = name => {
    const known = tabs.some(tab => nameOf(tab) === name) ? name : nameOf(tabs[0]);
    if (known === current) {
      return;
    }
    current = known;
    tabs.forEach(tab => {
      const on = nameOf(tab) === known;
      tab.setAttribute('aria-selected', String(on));
      tab.tabIndex = on ? 0 : -1;
      byId(`view-${nameOf(tab)}`).hidden = !on;
      if (on) {
        const row = tab.parentNode; /* sideways alone: the page stays where it is */
        row.scrollLeft = tab.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
      }
    });
    (shownCalls.get(known) || []).forEach(call => call());
  };
  const go = tab => {
    history.replaceState(null, '', `#${nameOf(tab)}`);
    select(nameOf(tab));
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener('click', () => go(tab));
    tab.addEventListener('keydown', event => {
      const to = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to !== undefined) {
        event.preventDefault();
        const next = tabs[(to + tabs.length) % tabs.length];
        next.focus();
        go(next);
      }
    });
  });
  const fromAddress = () => location.hash !== '#readings' && select(location.hash.slice(1));
  addEventListener('hashchange', fromAddress);
  document.addEventListener('visibilitychange', () => (shownCalls.get(current) || []).forEach(call => call()));
  select(location.hash.slice(1));
}
