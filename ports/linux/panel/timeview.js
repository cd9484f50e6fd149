/* A log over time: which part of it is seen, and the data for it.  Periods of the meter's own calendar, free zoom, the
 * newest records as they come.  What is drawn of the data the log's own module says. */

import { byId, createChoice } from './dom.js';
import { address, ask } from './link.js';
import { onShown, shows } from './tabs.js';
import { createTimeChart } from './timechart.js';
import { createZone, rangeText } from './zone.js';

export const DAY = 86400;
const FINE_S = 32 * DAY; /* up to here as fine as the pixels allow, beyond as broad as the eye likes */
const FINE_PER_PIXEL = 1.6, BROAD_PER_PIXEL = 0.5;
const AGAIN_MS = 1500; /* while records keep coming */
const SPAN_MIN = 4; /* intervals */
const PERIODS = [['day', 'Day'], ['week', 'Week'], ['month', 'Month'], ['year', 'Year'], ['all', 'All']];

/* Points that a curve of so many seconds may have. */
export const fineness = (span, width) => Math.round(width * (span <= FINE_S ? FINE_PER_PIXEL : BROAD_PER_PIXEL));

/* log: {
 *   path      of the records as JSON; they have interval_min, records, newest, first, last, zone, marks, words
 *   tell(answer)           shows what there is of the log as a whole
 *   points(span, width)    how many to ask for
 *   model(answer, zone)    what to draw, see timechart.js
 *   summary(answer), details(answer, zone, index)   in words, a list of them
 *   drawn(answer)          the rest of the page
 * }
 * prefix: of the ids of its buttons and fields.  Returns { load, redraw, follow(newest) }. */
export function createTimeView(prefix, log) {
  const part = name => byId(`${prefix}-${name}`);
  let period = 'week', view = null, answer = null, zone = createZone();
  let newest = -1, asking = false, again = false, timer = 0, following = true;

  const chart = createTimeChart(part('chart'), {
    onView: (from, to) => from === null ? choosePeriod('all') : free(from, to),
    onHover: index => read(index),
  });
  const markWords = marks => Object.entries(answer.words).filter(([bit]) => marks >>> bit & 1).map(([, word]) => word);

  const summary = () => answer.marks.length > 0 ? log.summary(answer).join(' · ') : 'Nothing recorded in this time.';
  const read = index => {
    part('read').textContent = index === null ? summary()
      : [...log.details(answer, zone, index), ...markWords(answer.marks[index])].join(' · ');
  };
  const draw = () => {
    const model = log.model(answer, zone), range = rangeText(zone, view.from, view.to);
    chart.show(model, view);
    part('range').textContent = range;
    read(chart.hovered());
    part('chart').setAttribute('aria-label', `${part('title').textContent}, ${range}: ${summary()}`);
    const marked = new Set(answer.marks.flatMap(markWords));
    part('marks').textContent = [...marked].join(', ') || 'marked';
    part('mark-key').hidden = marked.size === 0;
    part('gap-key').hidden = !model.start.some((start, i) => !model.known[i] || i > 0 && start > model.end[i - 1]);
    part('csv').href = address(`${log.path}.csv?from=${view.from}&to=${view.to}`);
    part('later').disabled = view.to >= answer.last;
    part('earlier').disabled = view.from <= answer.first;
    log.drawn(answer);
  };

  const take = next => {
    answer = { marks: [], words: {}, ...next };
    newest = next.newest ?? 0;
    zone = createZone(next.zone);
    log.tell(answer);
    const any = next.records > 0;
    part('body').hidden = !any;
    if (any && (view === null || following && next.last > view.to)) {
      choosePeriod(period);
    } else if (any) {
      draw();
    }
  };
  /* The view moves at once, the data come after it: one question at a time, the last one at last. */
  const load = async () => {
    again = asking;
    if (asking) {
      return;
    }
    asking = true;
    const span = view === null ? Infinity : view.to - view.from;
    const range = view === null ? '' : `from=${view.from}&to=${view.to}&`;
    try {
      const next = await ask(`${log.path}?${range}points=${log.points(span, chart.width())}`);
      asking = false;
      take(next);
    } catch { /* the link's own line says that the meter is gone */
      asking = false;
    }
    if (again) {
      load();
    }
  };
  const look = (from, to) => {
    view = { from, to };
    if (answer?.records > 0) {
      chart.look(view);
    }
    load();
  };
  const choosePeriod = (which, around = answer.last - 1) => {
    period = which;
    pressPeriod(which);
    following = around >= answer.last - 1;
    return which === 'all' ? look(answer.first, answer.last)
      : look(zone.begin(around, which), zone.begin(around, which, 1));
  };
  const free = (from, to) => {
    const least = SPAN_MIN * answer.interval_min * 60, middle = (from + to) / 2;
    const span = Math.min(Math.max(to - from, least), answer.last - answer.first + 2 * DAY);
    const begin = Math.round(Math.min(Math.max(middle - span / 2, answer.first - span / 2), answer.last - span / 2));
    following = false;
    period = '';
    pressPeriod(period);
    look(begin, begin + Math.round(span));
  };
  const step = direction => {
    if (period === '' || period === 'all') {
      const by = direction * (view.to - view.from);
      return free(view.from + by, view.to + by);
    }
    return choosePeriod(period, direction < 0 ? view.from - 1 : view.to);
  };

  const pressPeriod = createChoice(part('period'), PERIODS,
    which => choosePeriod(which, view.to > answer.last ? answer.last - 1 : view.to - 1));
  for (const [name, act] of [['earlier', () => step(-1)], ['later', () => step(1)], ['in', () => chart.zoom(0.5)],
    ['out', () => chart.zoom(2)], ['newest', () => choosePeriod(period || 'week')]]) {
    part(name).addEventListener('click', act);
  }
  onShown('history', () => shows('history') && load());

  return {
    load,
    redraw: () => answer?.records > 0 && view !== null && draw(),
    follow(now) {
      if (shows('history') && now !== newest && timer === 0) {
        newest = now;
        load();
        timer = setTimeout(() => { timer = 0; }, AGAIN_MS);
      }
    },
  };
}
