/**
 * Small drawings beside words, never the only carrier of a meaning. Drawn as SVG, so that they look the same in every
 * font.
 */
const paths = {
  available: 'M3 8.6 6.5 12 13 4.4',
  replicating: 'M8 2a6 6 0 1 1-5.6 3.9M8 4.8v3.4l2.3 1.5',
  delayed: 'M8 2.2 14.4 13.4H1.6zM8 6.6v3M8 11.5v.1',
  deleting: 'M3.5 8h9',
  deleted: 'M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6',
  missing: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 1 1 0-11',
  diverged: 'M8 13.8V9L3.6 3.4M8 9l4.4-5.6',
  unpublished: 'M3 2.6h10M8 14V6.4M4.4 10 8 6.4l3.6 3.6',
  unverified: 'M5.2 5.6a2.8 2.8 0 1 1 4.2 2.4c-1 .6-1.4 1.1-1.4 2.1M8 13v.1',
  unknown: 'M5.2 5.6a2.8 2.8 0 1 1 4.2 2.4c-1 .6-1.4 1.1-1.4 2.1M8 13v.1',
} as const;

export type IconName = keyof typeof paths;

const namespace = 'http://www.w3.org/2000/svg';

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(namespace, 'svg');
  const path = document.createElementNS(namespace, 'path');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  // A newer tracker may send states without a drawing.
  if (Object.hasOwn(paths, name)) path.setAttribute('d', paths[name]);
  svg.append(path);
  return svg;
}
