/**
 * The manifests that belong to one image: its platforms, their attestations and what is attached, with the regions that
 * lack one of them.
 */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { MemberAvailability } from '../core/image/family-availability.ts';
import type { CellKind } from './cell-kind.ts';
import type { Child } from './dom.ts';
import { make, painted, part, setHidden, setText } from './dom.ts';
import { familyLine } from './family-line.ts';
import { shortDigest, visible } from './format.ts';
import { formatHash, parseHash } from './hash-state.ts';
import type { Keyed } from './keyed.ts';
import type { Parent } from './parents.ts';
import { statePill } from './parts.ts';
import { regionCell } from './region-cell.ts';
import { createRegionGrid } from './region-grid.ts';
import type { Page } from './screen.ts';
import { makeCell, makeRow, rowHeader } from './table.ts';
import { shownState } from './words.ts';

/** Artifacts that can be required by a checkbox; the page's address accepts artifact types as well. */
export const artifactBoxes = ['signature', 'sbom', 'attestation'] as const;

interface Row {
  readonly member: MemberAvailability;
  readonly image: string;
  readonly needed: number;
  readonly document: Pick<AvailabilityDocument, 'state' | 'delayed'>;
}

type Belonging = { readonly parents: readonly Parent[] } & Pick<AvailabilityDocument, 'registry' | 'repository'>;

const order: readonly string[] = ['platform', 'attestation', 'artifact'] satisfies MemberAvailability['kind'][];

export function createFamily(page: Page) {
  const grid = createRegionGrid<Row>(part('image-members'), {
    caption: 'What belongs to this image, and where it is',
    before: [
      { name: 'Manifest', class: 'image' },
      { name: 'State', class: 'state' },
    ],
    after: [],
    keyOf: ({ member }) => `${member.kind} ${member.digest}`,
    row: (row, regions) => memberRow(row, regions, page.now),
  });
  const paintPart = painted<Belonging>(part('image-part-of'), partOf);
  const paintKinds = painted<AvailabilityDocument>(part('image-artifacts'), artifactLines);
  const boxes = artifactBoxes.map((kind) => ({ kind, box: part<HTMLInputElement>(`with-${kind}`) }));
  let shown = { image: '', artifacts: '' };

  for (const { kind, box } of boxes) {
    box.addEventListener('change', () => {
      const asked = shown.artifacts.split(',').filter((one) => one !== '' && one !== kind);
      const artifacts = [...asked, ...(box.checked ? [kind] : [])].join(',');
      page.go({ image: shown.image, artifacts: artifacts === '' ? undefined : artifacts });
    });
  }

  return {
    /** @param image the reference in the page's address */
    show(
      document: AvailabilityDocument,
      parents: readonly Parent[],
      image: string,
      artifacts: string | undefined,
    ): void {
      shown = { image, artifacts: artifacts ?? '' };
      for (const { kind, box } of boxes) box.checked = shown.artifacts.split(',').includes(kind);
      const members = (document.members ?? []).toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
      const isSplit = members.some(({ missing }) => missing.length > 0);
      const { registry, repository, requirement, state, delayed } = document;
      const rows = members.map((member) => ({
        member,
        image: `${registry}/${repository}@${member.digest}`,
        needed: requirement.regions.length,
        document: { state, delayed },
      }));
      // Nothing is missing: no region needs a column.
      grid.show(rows, isSplit ? [...requirement.regions] : []);
      setText(part('image-family'), familyLine(document));
      paintPart({ parents, registry, repository });
      paintKinds(document);
      setHidden(part('image-artifacts'), (document.artifacts ?? []).length === 0);
    },
  };
}

function memberRow(first: Row, regions: readonly string[], now: () => number): Keyed<Row> {
  const { member, image } = first;
  const href = formatHash({ ...parseHash(''), screen: 'image', image });
  const name = member.platform ?? member.artifactType ?? member.kind;
  const header = rowHeader(
    make('span', { class: 'line' }, make('a', { href, class: 'open', title: visible(image) }, visible(name))),
    make(
      'span',
      { class: 'line muted' },
      make('code', {}, shortDigest(member.digest)),
      make('span', {}, visible(member.kind)),
    ),
  );
  const state = makeCell('State', { class: 'state' });
  const paintState = painted<Row>(state, stateOf);
  const cells = regions.map((region) => ({ region, cell: regionCell(region, now) }));
  return {
    node: makeRow(header, state, ...cells.map(({ cell }) => cell.node)),
    update(row) {
      paintState(row);
      for (const { region, cell } of cells) {
        const isMissing = row.member.missing.some((one) => one === region);
        const kind = isMissing ? missingKind(row) : 'available';
        cell.update({ kind, lagSeconds: null, waitingSince: null });
      }
    },
  };
}

/** A missing manifest counts as delayed when its image does. */
function missingKind({ document }: Row): CellKind {
  return shownState(document) === 'delayed' ? 'delayed' : 'missing';
}

function stateOf({ member, needed, document }: Row): Child[] {
  const have = needed - member.missing.length;
  if (have === needed) return [statePill('available')];
  const word = shownState(document) === 'delayed' ? 'delayed' : 'replicating';
  return [statePill(word), make('span', { class: 'muted note' }, `${have} of ${needed}`)];
}

/** The index that lists it, or the image that it is attached to, with its state. */
function partOf({ parents, registry, repository }: Belonging): Child[] {
  const links = (isIndex: boolean) =>
    parents
      .filter((parent) => parent.isIndex === isIndex)
      .flatMap(({ digest, state }, place) => {
        const href = formatHash({ ...parseHash(''), screen: 'image', image: `${registry}/${repository}@${digest}` });
        const link = make('a', { href, title: visible(digest) }, make('code', {}, shortDigest(digest)));
        return [place === 0 ? '' : ', ', link, state === undefined ? '' : ` (${visible(state)})`];
      });
  const [indexes, subjects] = [links(true), links(false)];
  return [
    ...(indexes.length === 0 ? [] : ['Part of the index ', ...indexes, ': it is published as part of it. ']),
    ...(subjects.length === 0 ? [] : ['Attached to ', ...subjects, '.']),
  ];
}

/** One line for each required kind of artifact: the regions that have it. */
function artifactLines({ artifacts = [], requirement }: AvailabilityDocument): Child[] {
  return artifacts.map(({ kind, known, missing }) => {
    const isNowhere = missing.length === requirement.regions.length;
    const where =
      missing.length === 0
        ? 'in every region'
        : isNowhere
          ? 'in no region'
          : `missing in ${missing.map(visible).join(', ')}`;
    const why = known ? '' : '; what is attached could not be read from the registry';
    return make('li', {}, make('strong', {}, visible(kind)), `: ${where}${why}`);
  });
}
