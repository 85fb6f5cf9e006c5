/** The lag of one region as a drawing: a dot for each image, as they came; higher is later, in steps of ten. */
import { formatSeconds, plural, visible } from './format.ts';
import type { LagShape } from './lag-shape.ts';

const namespace = 'http://www.w3.org/2000/svg';
const [width, height] = [160, 34];
/** A tenth of a second at the bottom, a day at the top. */
const [least, most] = [Math.log10(0.1), Math.log10(86_400)];

export function lagChart({ region, lags }: LagShape): SVGSVGElement {
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('class', 'lag-chart');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', describeShape(region, lags));
  for (const seconds of [1, 60, 3_600]) svg.append(line(yOf(seconds)));
  const step = width / Math.max(1, lags.length);
  lags.forEach((seconds, index) => {
    const x = (index + 0.5) * step;
    svg.append(seconds === null ? dot(x, 2.5, 'is-missing') : dot(x, yOf(seconds), 'is-there'));
  });
  return svg;
}

function describeShape(region: string, lags: readonly (number | null)[]): string {
  const known = lags.flatMap((lag) => lag ?? []);
  const missing = lags.length - known.length;
  const worst = known.length === 0 ? 'none there' : `at most ${formatSeconds(Math.max(...known))} behind`;
  return `${visible(region)}: of the newest ${plural(lags.length, 'image')} ${worst}, ${missing} missing`;
}

function yOf(seconds: number): number {
  const share = (Math.log10(Math.max(0.1, seconds)) - least) / (most - least);
  return height - 3 - Math.min(1, share) * (height - 6);
}

function line(y: number): SVGLineElement {
  const node = document.createElementNS(namespace, 'line');
  for (const [name, value] of Object.entries({ x1: 0, x2: width, y1: y, y2: y }))
    node.setAttribute(name, String(value));
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
