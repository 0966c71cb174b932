/** A plot of several series over time. */
import { useEffect, useRef } from 'preact/hooks';
import type { VNode } from 'preact';
import uPlot from 'uplot';
import { html } from '../html.ts';
import { clock } from './format.ts';
import type { History } from '../state/history.ts';

export interface ChartProps {
  readonly title: string;
  readonly history: History;
  /** Names of series, and what they are called. */
  readonly series: ReadonlyArray<readonly [name: string, label: string]>;
  readonly show: (value: number | undefined) => string;
}

const height = 150;

/** Told apart by dashes, too, for those who see colours otherwise. */
const strokes = ['--plot-1', '--plot-2', '--plot-3', '--plot-4'];
const dashes: ReadonlyArray<readonly number[]> = [[], [6, 3], [2, 2], [8, 3, 2, 3]];

export function Chart({ title, history, series, show }: ChartProps): VNode {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const theme = document.documentElement.dataset['theme'] ?? '';
  useEffect(() => {
    const element = holder.current;
    if (element === null) return undefined;
    const drawn = new uPlot(optionsOf(element, series, show), dataOf(history, series), element);
    plot.current = drawn;
    const observer = new ResizeObserver(() => {
      drawn.setSize({ width: Math.max(120, element.clientWidth), height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
    };
  }, [title, series.length, theme]);
  useEffect(() => plot.current?.setData(dataOf(history, series)));
  const latest = series.map(([name, label], index) => ({
    label,
    value: show(history.last(name)),
    index,
  }));
  return html`<figure class="chart">
    <figcaption>
      <span class="chart-title">${title}</span>
      ${latest.map(
        ({ label, value, index }) =>
          html`<span class=${`legend legend-${index + 1}`} key=${label}
            >${label} <b>${value}</b></span
          >`,
      )}
    </figcaption>
    <div ref=${holder} class="plot" aria-hidden="true"></div>
  </figure>`;
}

function dataOf(history: History, series: ChartProps['series']): uPlot.AlignedData {
  return [history.times, ...series.map(([name]) => history.series(name))] as uPlot.AlignedData;
}

function optionsOf(
  element: HTMLElement,
  series: ChartProps['series'],
  show: ChartProps['show'],
): uPlot.Options {
  // A property may be light-dark(…), which a canvas does not know: this resolves it.
  const colour = (name: string): string => {
    element.style.color = `var(${name})`;
    return getComputedStyle(element).color;
  };
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return {
    width: Math.max(120, element.clientWidth),
    height,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [
      {
        ...axis,
        size: 26,
        space: 80,
        values: (_plot, values) => values.map((v) => clock(v * 1000)),
      },
      { ...axis, size: 62, values: (_plot, values) => values.map((v) => show(v)) },
    ],
    series: [
      {},
      ...series.map(([, label], index) => ({
        label,
        stroke: colour(strokes[index] ?? '--plot-1'),
        dash: [...(dashes[index] ?? [])],
        width: 2,
        points: { show: false },
      })),
    ],
  };
}
