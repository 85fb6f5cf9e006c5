/**
 * The checks of the last two days, for people: which wait, and how the others ended. Checks have no index by image, so an
 * instance reads the whole table, at most every ten seconds.
 */
import type { ImageName } from '../image/record.ts';
import { parseReference } from '../model/reference.ts';
import type { Registry } from '../model/registry.ts';
import { findRegistryByHost } from '../model/registry.ts';
import type { Clock } from '../runtime/clock.ts';
import { keptFor } from '../runtime/kept-for.ts';
import { withTimeoutOrUndefined } from '../runtime/timeout.ts';
import type { Check } from './check.ts';
import { askedText } from './check.ts';
import type { CheckStore } from './ports.ts';

export interface CheckList {
  /** `undefined` where they cannot be read within a second. Never fails. */
  read(): Promise<ListedChecks | undefined>;
}

interface ListedChecks {
  /** Whether the list has all checks; it may be cut. */
  readonly isComplete: boolean;
  /** Checks that named this image, by its digest or by one of these tags; newest first. */
  about(name: AskedAbout): readonly Check[];
  /** Checks that named this release; newest first. */
  aboutRelease(release: string): readonly Check[];
  /** Checks without a verdict. */
  waiting(): readonly Check[];
}

interface AskedAbout extends Pick<ImageName, 'registry' | 'repository'> {
  /** `undefined` while no region has reported it. */
  readonly digest: string | undefined;
  readonly tags: readonly string[];
}

/** How old the list may be. */
export const maxListAgeMs = 10_000;
/** Each request to the table returns a thousand. */
const maxListed = 2_000;
const maxReadMs = 1_000;

export function checkList(deps: {
  readonly store: Pick<CheckStore, 'list'>;
  readonly registries: readonly Registry[];
  readonly clock: Clock;
}): CheckList {
  const { store, clock } = deps;
  const list = keptFor(clock, maxListAgeMs, () => store.list(maxListed));

  function isAbout(image: string, { registry, repository, digest, tags }: AskedAbout): boolean {
    const reference = parseReference(image);
    if (!reference.ok || reference.value.repository !== repository) return false;
    if (findRegistryByHost(deps.registries, reference.value.registry)?.name !== registry) return false;
    const { tag, digest: asked } = reference.value;
    return asked === undefined ? tag !== undefined && tags.includes(tag) : asked === digest;
  }

  return {
    async read() {
      const checks = await withTimeoutOrUndefined(clock, maxReadMs, list());
      if (checks === undefined) return undefined;
      return {
        isComplete: checks.length < maxListed,
        about(name) {
          const found = checks.filter((check) => askedText(check).images.some((image) => isAbout(image, name)));
          return newestFirst(found);
        },
        aboutRelease: (release) => newestFirst(checks.filter((check) => check.release === release)),
        waiting: () => checks.filter((check) => check.verdict === null && check.finishedAt === null),
      };
    },
  };
}

function newestFirst(checks: readonly Check[]): Check[] {
  return checks.toSorted((a, b) => b.acceptedAt - a.acceptedAt);
}
