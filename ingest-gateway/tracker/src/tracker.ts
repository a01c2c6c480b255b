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

/** So many events are kept, and for so long: as long as the gateway knows what it has stored. */
const KEPT_MAX = 100;
const KEPT_MS_MAX = 864e5;
const RETRY_MS = 3e4;
/** Browsers let a request outlive its page up to 64 KiB; a character has three bytes at most. */
const KEEPALIVE_LENGTH_MAX = 2e4;
/** A shorter look is none. */
const ENGAGEMENT_MS_MIN = 500;
/** A UUID's digits, drawn ten or nine at a time. */
const ID_DIGITS = 32;
const DRAWN = 6;

/**
 * Reports page views from now on, and returns what reports other events.
 *
 * @param project The project's name, as in the gateway's PROJECTS.
 * @param to The address of the gateway's events, such as `https://events.example/v1/events`.
 */
export function start(project: string, to: string): Track {
  const mine = `footfall ${project} `;
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

  /** Any answer but a request to come again ends it. */
  const send = (names: string[], events: string[]) => {
    const body = `{"sent_at":${Date.now()},"events":[${events}]}`;
    fetch(`${to}?project=${project}`, { method: 'POST', body, keepalive: body.length < KEEPALIVE_LENGTH_MAX })
      .then(({ status }) => {
        if (status == 429 || status > 499) throw 0;
        names.map((name) => delete kept[name]);
      })
      .catch(() => {
        clearTimeout(timer);
        timer = setTimeout(again, RETRY_MS);
      });
  };

  /** The names of what is kept, the oldest first; what is too much or too old is given up. */
  const waiting = () =>
    Object.keys(kept)
      .filter((name) => name.startsWith(mine))
      .sort()
      .filter(
        (name, at, { length }) =>
          // Times have the same number of digits until the year 2286.
          (at > length - KEPT_MAX && name > mine + (Date.now() - KEPT_MS_MAX)) || !delete kept[name],
      );

  const again = () => {
    const names = waiting();
    if (names[0]) {
      send(
        names,
        names.map((name) => kept[name]),
      );
    }
  };

  const track: Track = (type, fields) => {
    const timestamp = Date.now();
    // Digits of ten are digits of sixteen.
    const event_id = crypto.getRandomValues(new Uint32Array(DRAWN)).join('').slice(0, ID_DIGITS);
    const event = JSON.stringify({
      type,
      event_id,
      timestamp,
      url: page,
      referrer: before,
      title: document.title,
      locale: navigator.language,
      screen: { width: screen.width, height: screen.height },
      ...track.fields,
      ...fields,
    });
    const name = `${mine + timestamp} ${event_id}`;
    // Room for this one.
    waiting();
    try {
      kept[name] = event;
    } catch {
      // It is full; the event is sent all the same.
    }
    send([name], [event]);
  };

  const scrolled = () => {
    depth = Math.min(100, Math.max(depth, ((scrollY + innerHeight) / document.documentElement.scrollHeight) * 100 | 0));
  };

  /** The time since the last report that the page could be seen. */
  const report = () => {
    const engagement_ms = since && Date.now() - since;
    if (engagement_ms > ENGAGEMENT_MS_MIN) {
      scrolled();
      track('engagement', { engagement_ms, scroll_depth: depth });
    }
    since = document.hidden ? 0 : Date.now();
  };

  const view = (event?: { persisted?: boolean }) => {
    // Out of the browser's memory, without being loaded.
    if (event?.persisted) page = '';
    const now = location.href.split('#')[0];
    // A page that is loaded ahead is not seen yet.
    if (now == page || (document as { prerendering?: boolean }).prerendering) return;
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
  // On its way down, the window sees what happens to the document as well.
  for (const [name, seen] of Object.entries({
    popstate: view,
    pageshow: view,
    prerenderingchange: view,
    pagehide: report,
    visibilitychange: report,
    scroll: scrolled,
    online: again,
    click: clicked,
    auxclick: clicked,
  })) {
    addEventListener(name, seen as EventListener, true);
  }
  again();
  view();
  return track;
}
