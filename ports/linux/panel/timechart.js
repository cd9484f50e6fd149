/* A chart over the meter's time: steps or bars from stretches of time, gaps hatched, marked ones underlined.  Drag
 * zooms, shift and drag or one finger moves, two fingers and the keys do both. */

/* global uPlot */
import { ticks, tickTexts } from './zone.js';

const HEIGHT = 300, TICK_WIDTH = 60, MARK_HEIGHT = 5, BAR_GAP = 1.5;
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colour = name => name ? css(name) : 'transparent';

/* Outline of one series: a level from each stretch's start to its end, nothing where nothing is known. */
function levels(u, model, values, bars) {
  const fill = new Path2D(), stroke = new Path2D(), zero = u.valToPos(0, 'y', true);
  const inset = bars ? BAR_GAP * devicePixelRatio / 2 : 0;
  let joined = false;
  values.forEach((value, i) => {
    if (value === null) {
      joined = false;
      return;
    }
    const left = u.valToPos(model.start[i], 'x', true), right = u.valToPos(model.end[i], 'x', true);
    const y = u.valToPos(value, 'y', true), space = right - left > 4 * inset ? inset : 0;
    joined = joined && !bars && model.start[i] === model.end[i - 1];
    stroke[joined ? 'lineTo' : 'moveTo'](left, y);
    stroke.lineTo(right, y);
    fill.rect(left + space, Math.min(y, zero), right - left - 2 * space, Math.abs(zero - y));
    joined = true;
  });
  return { stroke: bars ? null : stroke, fill };
}

function hatch(u, model) {
  const { ctx, bbox } = u, step = 7 * devicePixelRatio;
  const area = new Path2D();
  const open = (from, to) => {
    const left = u.valToPos(from, 'x', true), right = u.valToPos(to, 'x', true);
    area.rect(left, bbox.top, Math.max(right - left, 1), bbox.height);
  };
  model.start.forEach((start, i) => {
    if (i > 0 && start > model.end[i - 1]) {
      open(model.end[i - 1], start);
    }
    if (!model.known[i]) {
      open(start, model.end[i]);
    }
  });
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.clip(area);
  ctx.strokeStyle = css('--gap');
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  for (let x = bbox.left - bbox.height; x < bbox.left + bbox.width; x += step) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

function underline(u, model) {
  const { ctx, bbox } = u, height = MARK_HEIGHT * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = css('--mark');
  model.marks.forEach((marks, i) => {
    if (marks) {
      const left = Math.floor(u.valToPos(model.start[i], 'x', true)), right = Math.ceil(u.valToPos(model.end[i], 'x', true));
      ctx.fillRect(left, bbox.top + bbox.height - height, Math.max(right - left, 2 * devicePixelRatio), height);
    }
  });
  ctx.restore();
}

/* The highest and lowest with some air; zero is always seen where areas stand on it. */
function heights(low, high, areas) {
  if (low === null || high === null || low === high && low === 0) {
    return [0, 1];
  }
  const air = (high - low || Math.abs(high)) * 0.08;
  return areas ? [low < 0 ? low - air : 0, high > 0 ? high + air : 0] : [low - air, high + air];
}

/* model: { zone, start, end, known, marks, bars, areas, digits, series: [{ name, values, stroke, fill, width }] }; colours
 * are names of CSS variables.  view: { from, to }.  onView(from, to) asks for another one, onHover(index | null). */
export function createTimeChart(host, { onView, onHover }) {
  let plot = null, model = null, view = { from: 0, to: 1 };
  const width = () => Math.max(host.clientWidth, 200);

  const zoomTo = (from, to) => onView(Math.round(from), Math.round(to));
  const zoom = (factor, around = (view.from + view.to) / 2) =>
    zoomTo(around - (around - view.from) * factor, around + (view.to - around) * factor);
  const move = share => {
    const by = (view.to - view.from) * share;
    zoomTo(view.from + by, view.to + by);
  };

  /* Moves while a pointer is down. */
  const drag = event => {
    const begin = { x: event.clientX, ...view }, perPixel = (view.to - view.from) / plot.over.clientWidth;
    const follow = now => {
      const by = (begin.x - now.clientX) * perPixel;
      zoomTo(begin.from + by, begin.to + by);
    };
    addEventListener('mousemove', follow);
    addEventListener('mouseup', () => removeEventListener('mousemove', follow), { once: true });
  };

  const touch = over => {
    const fingers = new Map();
    let begin = null;
    const start = () => {
      const [a, b] = [...fingers.values()];
      begin = fingers.size === 0 ? null : { ...view, a, b };
    };
    over.addEventListener('pointerdown', event => {
      if (event.pointerType === 'touch') {
        over.setPointerCapture(event.pointerId);
        fingers.set(event.pointerId, event.clientX);
        start();
        plot.setCursor({ left: event.clientX - over.getBoundingClientRect().left, top: 1 });
      }
    });
    over.addEventListener('pointermove', event => {
      if (!fingers.has(event.pointerId) || begin === null) {
        return;
      }
      fingers.set(event.pointerId, event.clientX);
      const [a, b] = [...fingers.values()], span = begin.to - begin.from, width = over.clientWidth;
      const left = over.getBoundingClientRect().left;
      if (b === undefined) {
        const by = (begin.a - a) / width * span;
        zoomTo(begin.from + by, begin.to + by);
      } else {
        const factor = Math.min(Math.max(Math.abs(begin.a - begin.b) / Math.max(Math.abs(a - b), 8), 0.1), 10);
        const middle = begin.from + ((begin.a + begin.b) / 2 - left) / width * span;
        zoomTo(middle - (middle - begin.from) * factor, middle + (begin.to - middle) * factor);
      }
    });
    for (const end of ['pointerup', 'pointercancel']) {
      over.addEventListener(end, event => {
        fingers.delete(event.pointerId);
        start();
      });
    }
  };

  const build = () => {
    plot?.destroy();
    const axis = { stroke: () => css('--soft'), font: '11px system-ui, sans-serif',
      grid: { stroke: () => css('--line'), width: 1 }, ticks: { stroke: () => css('--faint'), width: 1, size: 5 } };
    const most = () => Math.max(2, Math.floor((width() - 60) / TICK_WIDTH));
    let unit = 'hour';
    plot = new uPlot({
      width: width(), height: HEIGHT, legend: { show: false }, padding: [10, 18, 0, 0],
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 4 },
        bind: { mousedown: (_, __, then) => event => event.shiftKey ? drag(event) : then(event),
          dblclick: () => () => onView(null, null) } },
      scales: { x: { time: false, range: () => [view.from, view.to] },
        y: { range: (_, low, high) => heights(low, high, model.areas) } },
      axes: [
        { ...axis, size: 42, splits: (_, __, from, to) => {
          const found = ticks(model.zone, from, to, most());
          unit = found.unit;
          return found.at;
        }, values: (_, at) => tickTexts(model.zone, at, unit) },
        { ...axis, size: 52, values: (_, at) => at.map(value => String(value).replace('-', '−')) },
      ],
      series: [{}, ...model.series.map((_, s) => ({ stroke: () => colour(model.series[s].stroke), width: model.series[s].width ?? 1.5,
        fill: () => colour(model.series[s].fill), points: { show: false },
        paths: u => levels(u, model, model.series[s].values, model.bars) }))],
      hooks: { drawClear: [u => hatch(u, model)], draw: [u => underline(u, model)],
        setCursor: [u => onHover(hovered(u))],
        setSelect: [u => {
          if (u.select.width > 4) {
            const [from, to] = [u.select.left, u.select.left + u.select.width].map(x => u.posToVal(x, 'x'));
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            zoomTo(from, to);
          }
        }] },
    }, data(), host);
    plot.over.addEventListener('wheel', event => {
      if (event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        const at = plot.posToVal(event.clientX - plot.over.getBoundingClientRect().left, 'x');
        return event.ctrlKey ? zoom(Math.exp(event.deltaY / 200), at) : move(event.deltaX / 600);
      }
      return undefined;
    }, { passive: false });
    touch(plot.over);
  };

  const data = () => [model.start.map((start, i) => (start + model.end[i]) / 2), ...model.series.map(one => one.values)];
  const hovered = u => {
    if (u.cursor.left === undefined || u.cursor.left < 0 || model.start.length === 0) {
      return null;
    }
    const at = u.posToVal(u.cursor.left, 'x');
    const index = model.start.findIndex((start, i) => at >= start && at < model.end[i]);
    return index < 0 ? null : index;
  };

  host.addEventListener('keydown', event => {
    const act = { ArrowLeft: () => move(-0.25), ArrowRight: () => move(0.25), '+': () => zoom(0.5), '=': () => zoom(0.5),
      '-': () => zoom(2), 0: () => onView(null, null) }[event.key];
    if (act && plot) {
      event.preventDefault();
      act();
    }
  });
  new ResizeObserver(() => plot && host.clientWidth > 0 && plot.width !== width()
    && plot.setSize({ width: width(), height: HEIGHT })).observe(host);
  new MutationObserver(() => plot?.redraw(false)).observe(document.documentElement, { attributeFilter: ['data-dark'] });

  return {
    width,
    hovered: () => plot === null ? null : hovered(plot),
    /* Other data, or the same in another view. */
    show(next, nextView) {
      model = next;
      view = nextView;
      if (plot === null || plot.series.length !== next.series.length + 1) {
        build();
      } else {
        plot.setData(data());
      }
    },
    look(nextView) {
      view = nextView;
      plot?.setScale('x', { min: view.from, max: view.to });
    },
    zoom,
    move,
  };
}
