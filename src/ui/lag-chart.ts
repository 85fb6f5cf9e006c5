/**
 * The lag of one region over the last day: a dot for each image at its arrival time; a higher dot means a larger lag,
 * on a logarithmic scale.
 */
import { formatSeconds, plural, visible } from './format.ts';
import type { LagPoint, LagShape, LagSpan } from './lag-shape.ts';

const namespace = 'http://www.w3.org/2000/svg';
const [width, height] = [160, 44];
/** Right of the chart, the names of its lines. */
const labelWidth = 30;
const lines = [
  [1, '1 s'],
  [60, '1 min'],
  [3_600, '1 h'],
] as const;
/** The scale: from a tenth of a second at the bottom to a day at the top. */
const [min, max] = [Math.log10(0.1), Math.log10(86_400)];

export function lagChart({ region, points }: LagShape, span: LagSpan): SVGSVGElement {
  const drawn = points.filter(({ at }) => at >= span.from);
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('viewBox', `0 0 ${width + labelWidth} ${height}`);
  svg.setAttribute('class', 'lag-chart');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', describeChart(region, drawn, span));
  for (const [seconds, name] of lines) svg.append(line(yOf(seconds)), label(yOf(seconds), name));
  const scale = (width - 4) / Math.max(1, span.until - span.from);
  for (const { at, lag } of drawn) {
    const x = 2 + Math.min(width - 4, (at - span.from) * scale);
    svg.append(lag === null ? dot(x, 2.5, 'is-missing') : dot(x, yOf(lag), 'is-there'));
  }
  return svg;
}

function describeChart(region: string, drawn: readonly LagPoint[], span: LagSpan): string {
  const lags = drawn.flatMap(({ lag }) => lag ?? []);
  const missing = drawn.length - lags.length;
  const worst = lags.length === 0 ? 'none there' : `at most ${formatSeconds(Math.max(...lags))} behind`;
  return `${visible(region)}: of ${plural(drawn.length, 'image')} of the ${spanText(span)} ${worst}, ${missing} missing`;
}

/** `last day`, `last 3 h 5 min` */
export function spanText({ from, until }: LagSpan): string {
  const seconds = (until - from) / 1000;
  return `last ${seconds === 86_400 ? 'day' : formatSeconds(seconds)}`;
}

function yOf(seconds: number): number {
  const share = (Math.log10(Math.max(0.1, seconds)) - min) / (max - min);
  return height - 3 - Math.min(1, share) * (height - 6);
}

function line(y: number): SVGLineElement {
  const node = document.createElementNS(namespace, 'line');
  for (const [name, value] of Object.entries({ x1: 0, x2: width, y1: y, y2: y }))
    node.setAttribute(name, String(value));
  return node;
}

function label(y: number, name: string): SVGTextElement {
  const node = document.createElementNS(namespace, 'text');
  node.setAttribute('x', String(width + 3));
  node.setAttribute('y', String(y + 3));
  node.textContent = name;
  return node;
}

function dot(x: number, y: number, kind: string): SVGCircleElement {
  const node = document.createElementNS(namespace, 'circle');
  node.setAttribute('class', kind);
  for (const [name, value] of Object.entries({ cx: x.toFixed(1), cy: y.toFixed(1), r: 1.6 })) {
    node.setAttribute(name, String(value));
  }
  return node;
}
