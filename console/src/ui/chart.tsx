// Lines over time; the same figures stand beside them as text.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { theme } from "../state/settings";

export interface Line {
  label: string;
  color: string; // a custom property: "--green"
}

function colorOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
function clockOf(seconds: number): string {
  return clock.format(new Date(seconds * 1000));
}

function options(lines: Line[], width: number, unit: string): uPlot.Options {
  const text = colorOf("--muted");
  const axis = {
    stroke: text,
    grid: { stroke: colorOf("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: 190,
    cursor: { y: false },
    legend: { live: true },
    scales: {
      y: { range: (_plot, _min, max) => [0, Math.max(max * 1.1, unit === " s" ? 0.1 : 1)] },
    },
    axes: [
      { ...axis, space: 80, size: 28, values: (_plot, values) => values.map(clockOf) },
      { ...axis, size: 44, values: (_plot, values) => values.map((value) => `${value}`) },
    ],
    series: [
      { value: (_plot: uPlot, value: number | null) => (value === null ? "–" : clockOf(value)) },
      ...lines.map((line) => ({
        label: line.label,
        stroke: colorOf(line.color),
        width: 2,
        spanGaps: true,
        points: { show: false },
        value: (_plot: uPlot, value: number | null) =>
          value === null ? "–" : `${Math.round(value * 100) / 100}${unit}`,
      })),
    ],
  };
}

export function Chart(props: {
  label: string;
  lines: Line[];
  data: (number | null)[][];
  unit?: string;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data = useRef(props.data);
  data.current = props.data;
  useEffect(() => {
    const place = frame.current!;
    const make = () => {
      plot.current?.destroy();
      const made = options(props.lines, place.clientWidth, props.unit ?? "");
      plot.current = new uPlot(made, data.current as uPlot.AlignedData, place);
    };
    make();
    const sized = new ResizeObserver(() => {
      plot.current?.setSize({ width: place.clientWidth, height: 190 });
    });
    sized.observe(place);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", make);
    return () => {
      scheme.removeEventListener("change", make);
      sized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [theme.value, props.lines]);
  useEffect(() => {
    plot.current?.setData(props.data as uPlot.AlignedData);
  }, [props.data]);
  return <div class="chart" ref={frame} role="img" aria-label={props.label} />;
}
