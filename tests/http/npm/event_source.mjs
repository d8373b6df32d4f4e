// An EventSource of others, as browsers have it, across a restart of the server.
// usage: event_source.mjs URL COUNT: prints "open" when it listens, then the id of each event, and
// ends after COUNT of them.

import { EventSource } from "eventsource";

const [url, count] = process.argv.slice(2);
const source = new EventSource(url);
let left = Number(count);
let isFirst = true;

source.addEventListener("open", () => {
  if (isFirst) console.log("open");
  isFirst = false;
});
source.addEventListener("task", (event) => {
  const data = JSON.parse(event.data);
  console.log(`${event.lastEventId} ${data.id} ${data.happening}`);
  if (--left === 0) source.close();
});
source.addEventListener("reset", () => {
  console.error("events were lost");
  process.exit(1);
});
