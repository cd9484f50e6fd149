/* The line to the meter: live state by server-sent events, commands by POST.  A token in the page's own address
 * goes along with every request. */

const token = new URLSearchParams(location.search).get('token');
export const address = path => token === null ? path
  : `${path}${path.includes('?') ? '&' : '?'}token=${encodeURIComponent(token)}`;

export async function ask(path) {
  const answer = await fetch(address(path));
  if (!answer.ok) {
    throw new Error(`${path}: ${answer.status}`);
  }
  return answer.json();
}

/* Ask again and again while it is wanted; show is called with each answer that differs from the one before.  Returns a
 * function that asks at once. */
export function follow(path, everyMs, show, wanted) {
  let shown = '', timer = 0;
  const look = async () => {
    clearTimeout(timer);
    timer = 0;
    if (!wanted()) {
      return;
    }
    timer = setTimeout(look, everyMs);
    try {
      const answer = await ask(path);
      const text = JSON.stringify(answer);
      if (text !== shown) {
        shown = text;
        show(answer);
      }
    } catch {
      shown = ''; /* the link's own line says that the meter is gone */
    }
  };
  look();
  return look;
}

/* Tell the meter something.  Resolves to null, or to one line saying what was wrong. */
export async function tell(path, what) {
  try {
    const answer = await fetch(address(path), { method: 'POST', body: JSON.stringify(what),
      headers: { 'Content-Type': 'application/json' } });
    const said = await answer.json();
    return answer.ok ? said.refused ?? null : said.error;
  } catch {
    return 'no connection';
  }
}

/* Calls onState for each state, onLink(true | false) when the connection comes or goes. */
export function listen(onState, onLink) {
  let source = null, silence = 0;
  const restart = delay => {
    source?.close();
    setTimeout(connect, delay);
  };
  const watch = () => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      onLink(false);
      restart(0);
    }, 8000);
  };
  function connect() {
    source = new EventSource(address('/events'));
    source.onopen = watch;
    source.onmessage = event => {
      watch();
      onLink(true);
      onState(JSON.parse(event.data));
    };
    source.onerror = () => {
      onLink(false);
      if (source.readyState === EventSource.CLOSED) {
        restart(1500);
      }
    };
  }
  connect();
  addEventListener('pagehide', () => source?.close());
}
