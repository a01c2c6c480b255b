// A page's events, sent to the gateway: page views, outbound links, the time and depth of reading, and what the
// page itself reports. No cookie, and no id of a visitor.
//
// Every event is kept in the page's storage until it is answered, each under a name of its own, so that tabs do
// not disturb each other. What is left over is sent again by whichever page comes next. An event has its id and
// time from the start, by which the gateway stores it once.

/** An event's fields, as in docs/events.md; of other names are its own properties. */
export interface Fields {
  user_id?: string;
  anonymous_id?: string;
  session_id?: string;
  path?: string;
  url?: string;
  referrer?: string;
  title?: string;
  revenue?: { amount: number; currency: string };
  [property: string]: unknown;
}

/** Reports an event. */
export interface Track {
  (type: string, fields?: Fields): void;
  /** Fields of all events from now on. */
  fields?: Fields;
}

/** Where events go. */
export interface Options {
  /** The project's name, as in the gateway's PROJECTS. */
  project: string;
  /** The address of the gateway's events, such as https://events.example/v1/events. */
  to: string;
}

/** So many events are kept, and for so long: as long as the gateway knows what it has stored. */
const KEPT_MAX = 100;
const KEPT_MS_MAX = 864e5;
const RETRY_MS = 3e4;
/** Browsers let a request outlive its page up to 64 KiB; a character has three bytes at most. */
const KEEPALIVE_LENGTH_MAX = 2e4;
/** A shorter look is none. */
const ENGAGEMENT_MS_MIN = 500;

/** Reports page views from now on, and returns what reports other events. */
export function start({ project, to }: Options): Track {
  const mine = `footfall ${project} `;
  const inFlight: Record<string, unknown> = {};
  let kept: Record<string, string> = {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let page = '';
  let before = document.referrer;
  let depth = 0;
  let since = 0;

  if (navigator.doNotTrack == '1' || (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl) {
    return () => {};
  }
  try {
    kept = localStorage || kept;
  } catch {
    // The page may not store anything.
  }

  /** An answer that is no request to come again ends it. */
  const send = (events: Record<string, string>) => {
    const names = Object.keys(events);
    const body = `{"sent_at":${Date.now()},"events":[${Object.values(events)}]}`;
    Object.assign(inFlight, events);
    fetch(`${to}?project=${project}`, { method: 'POST', body, keepalive: body.length < KEEPALIVE_LENGTH_MAX })
      .then(({ status }) => {
        if (status == 429 || status > 499) throw 0;
        names.map((name) => delete kept[name]);
      })
      .catch(() => {
        clearTimeout(timer);
        timer = setTimeout(again, RETRY_MS);
      })
      .then(() => names.map((name) => delete inFlight[name]));
  };

  /** Sends what was kept, the oldest given up. */
  const again = () => {
    const events: Record<string, string> = {};
    Object.keys(kept)
      .filter((name) => name.startsWith(mine))
      .sort()
      .reverse()
      .map((name, at) => {
        if (at >= KEPT_MAX || +name.slice(mine.length).split(' ')[0] < Date.now() - KEPT_MS_MAX) delete kept[name];
        else if (!inFlight[name]) events[name] = kept[name];
      });
    if (Object.keys(events)[0]) send(events);
  };

  const track: Track = (type, fields) => {
    const timestamp = Date.now();
    const event_id = '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (digit) =>
      (+digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (+digit / 4)))).toString(16),
    );
    const { width, height } = screen;
    const event = JSON.stringify({
      type,
      event_id,
      timestamp,
      url: page,
      referrer: before,
      title: document.title,
      locale: navigator.language,
      screen: { width, height },
      ...track.fields,
      ...fields,
    });
    const name = `${mine + timestamp} ${event_id}`;
    try {
      kept[name] = event;
    } catch {
      // It is full; the event is sent all the same.
    }
    send({ [name]: event });
  };

  const scrolled = () => {
    const { scrollHeight } = document.documentElement;
    depth = Math.max(depth, Math.min(100, Math.round(((scrollY + innerHeight) / scrollHeight) * 100)));
  };

  /** The time since the last report that the page could be seen. */
  const report = () => {
    const engagement_ms = since && Date.now() - since;
    if (engagement_ms > ENGAGEMENT_MS_MIN) {
      scrolled();
      track('engagement', { engagement_ms, scroll_depth: depth, title: undefined });
    }
    since = document.hidden ? 0 : Date.now();
  };

  const view = () => {
    const now = location.href.split('#')[0];
    if (now == page) return;
    report();
    before = page || before;
    page = now;
    depth = 0;
    track('page_view');
  };

  const clicked = ({ target }: Event) => {
    const link = (target as Element).closest?.('a');
    if (link && /^http/.test(link.protocol) && link.host != location.host) track('outbound_link', { link: link.href });
  };

  for (const name of ['pushState', 'replaceState'] as const) {
    const change = history[name];
    history[name] = function (...to) {
      change.apply(this, to);
      view();
    };
  }
  addEventListener('popstate', view);
  // Out of the browser's memory, without being loaded.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) {
      page = '';
      view();
    }
  });
  addEventListener('pagehide', report);
  addEventListener('scroll', scrolled);
  addEventListener('online', again);
  addEventListener('click', clicked, true);
  addEventListener('auxclick', clicked, true);
  document.addEventListener('visibilitychange', report);
  again();
  // A page that is loaded ahead is not seen yet.
  if ((document as { prerendering?: boolean }).prerendering) document.addEventListener('prerenderingchange', view, { once: true });
  else view();
  return track;
}
