// Signs as strokes on 24 by 24; they say nothing to a screen reader, the words beside them do.

const PATHS = {
  overview: "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z",
  tasks: "M9 6h11M9 12h11M9 18h11M4 6h.5M4 12h.5M4 18h.5",
  start: "M12 5v14M5 12h14",
  queue: "M4 7h16M4 12h16M4 17h10",
  worker: "M5 8h14v11H5zM9 8V5h6v3M9 13h.5M14.5 13h.5",
  calendar: "M5 6h14v14H5zM5 10h14M9 3v4M15 3v4",
  scan: "M4 4h4v4H4zM10 4h4v4h-4zM16 4h4v4h-4zM4 10h4v4H4zM10 10h4v4h-4zM4 16h4v4H4z",
  definition: "M7 3h7l4 4v14H7zM14 3v4h4M10 12h5M10 16h5",
  webhook: "M4 12h12M12 7l5 5-5 5M20 5v14",
  pin: "M9 4h6l-1 6 3 3H7l3-3zM12 13v7",
  secret: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 017 0v3",
  key: "M8 15a4 4 0 100-8 4 4 0 000 8zM12 11h9v3.5M17.5 11v3",
  audit: "M5 4h14v16H5zM8.5 9h7M8.5 13h7M8.5 17h4",
  person: "M12 12a4 4 0 100-8 4 4 0 000 8zM5 20c.8-4 3.6-5.5 7-5.5s6.2 1.5 7 5.5",
  search: "M11 18a7 7 0 100-14 7 7 0 000 14zM16 16l4.5 4.5",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  sun: "M12 16a4 4 0 100-8 4 4 0 000 8zM12 3v1M12 20v1M3 12h1M20 12h1M6 6l.5.5M17.5 17.5l.5.5",
  moon: "M20 14A8 8 0 1110 4a6.5 6.5 0 0010 10z",
  contrast: "M12 21a9 9 0 100-18 9 9 0 000 18zM12 3v18M12 8h6.5M12 12h9M12 16h6.5",
  help: "M9 9a3 3 0 116 .5c0 2-3 2.3-3 4.5M12 18h.01",
  clock: "M12 21a9 9 0 100-18 9 9 0 000 18zM12 7v5l3.5 2",
  link: "M10 14a4 4 0 005.7 0l3-3A4 4 0 0013 5.3M14 10a4 4 0 00-5.7 0l-3 3A4 4 0 0011 18.7",
  ready: "M12 21a9 9 0 100-18 9 9 0 000 18z",
  play: "M8 5l11 7-11 7z",
  pause: "M8 5v14M16 5v14",
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  stop: "M7 7h10v10H7z",
  warning: "M12 4l9 16H3zM12 10v4.5M12 17.5h.01",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  retry: "M5 12a7 7 0 0112-5l2.5 2.5M19.5 5v4.5H15M19 12a7 7 0 01-12 5l-2.5-2.5M4.5 19v-4.5H9",
  edit: "M5 19l1-4L16 5l3 3L9 18z",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14",
  filter: "M4 6h16l-6 7v6l-4-2v-4z",
  star: "M12 4l2.5 5.2 5.5.8-4 4 1 5.5-5-2.7-5 2.7 1-5.5-4-4 5.5-.8z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
