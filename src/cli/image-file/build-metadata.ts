/**
 * The images of a metadata file, which `docker buildx build` writes for one target and `docker buildx bake` for each:
 * the pushed names, with the digest that was built.
 * Source: docker/buildx, docs/reference/buildx_build.md, `--metadata-file`.
 */
import type { Fields } from '../tracker-reply.ts';
import { isFields } from '../tracker-reply.ts';
import type { Mention } from './mention.ts';

const [nameKey, digestKey, descriptorKey] = ['image.name', 'containerimage.digest', 'containerimage.descriptor'];

export function isBuildMetadata(document: Fields): boolean {
  return isTarget(document) || Object.values(document).some(isTarget);
}

export function imagesInBuildMetadata(document: Fields): Mention[] {
  const targets = isTarget(document) ? { '': document } : document;
  return Object.entries(targets).flatMap(([target, result]) => {
    if (!isTarget(result)) return [];
    const { [nameKey]: name, [digestKey]: digest, [descriptorKey]: descriptor } = result;
    // A build without a name was not pushed.
    if (typeof name !== 'string') return [];
    const built = digest ?? (isFields(descriptor) ? descriptor.digest : undefined);
    const names = name.split(',').map((one) => one.trim());
    return names
      .filter((one) => one !== '')
      .map((one) => ({
        image: built === undefined || one.includes('@') ? one : `${one}@${built}`,
        where: target === '' ? nameKey : `${target}.${nameKey}`,
      }));
  });
}

function isTarget(value: unknown): value is Fields {
  return isFields(value) && [nameKey, digestKey, descriptorKey].some((key) => value[key] !== undefined);
}
