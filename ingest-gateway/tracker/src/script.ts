// The tracker as a script: <script defer src=".../v1/tracker.js" data-project="website"></script>
import { start, type Track } from './tracker';

declare global {
  interface Window {
    /** Before the script is there, a page may keep its calls: `(footfall.q = footfall.q || []).push(arguments)`. */
    footfall?: Track & { q?: Parameters<Track>[] };
  }
}

const { dataset, src } = document.currentScript as HTMLScriptElement;
const early = window.footfall?.q ?? [];
// The gateway that serves this writes its own path.
const track = start(dataset.project!, new URL(dataset.to ?? '/v1/events', src).href);
window.footfall = track;
for (const call of early) track(...call);
