/**
 * The images of a compose file: those of its services, and those mounted as volumes.
 * Source: compose-spec, 05-services.md, `image`, and `volumes` of the type `image`.
 */
import type { Fields } from '../tracker-reply.ts';
import { isFields } from '../tracker-reply.ts';
import type { Mention } from './mention.ts';

export function isCompose(document: Fields): boolean {
  return isFields(document.services) && document.kind === undefined;
}

export function imagesInCompose({ services }: Fields): Mention[] {
  return Object.entries(isFields(services) ? services : {}).flatMap(([name, service]) => {
    if (!isFields(service)) return [];
    const { image, volumes } = service;
    const mounted = (Array.isArray(volumes) ? volumes : []).filter((one) => isFields(one) && one.type === 'image');
    return [
      // A service that is built and not pushed has none.
      ...(image === null || image === undefined ? [] : [{ image, where: `services.${name}` }]),
      ...mounted.map(({ source }: Fields) => ({ image: source, where: `services.${name}.volumes` })),
    ];
  });
}
