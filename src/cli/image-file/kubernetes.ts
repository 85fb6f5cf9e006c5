/**
 * The images of a Kubernetes object of any kind: the whole object is searched, so that unknown kinds are read as well.
 * Pods and pod templates have lists of containers and volumes; other resources may name an image in their `spec`, for
 * the controller that runs it.
 * Source: Kubernetes API, PodSpec; the names that Tekton and Argo Workflows use for containers.
 */
import { parseReference } from '../../core/model/reference.ts';
import type { Fields } from '../tracker-reply.ts';
import { isFields } from '../tracker-reply.ts';
import { withRegistry } from './docker-hub.ts';
import type { Mention } from './mention.ts';
import { unresolvedIn } from './unresolved.ts';

const containerLists = new Set(['containers', 'initContainers', 'ephemeralContainers', 'sidecars', 'steps']);
const containers = new Set(['container', 'script', 'stepTemplate']);

export function imagesInKubernetes(document: Fields): Mention[] {
  const mentions: Mention[] = [];
  const seen = new Set<object>();
  const read = new Set<object>();
  const add = (holder: Fields, image: unknown, where: string) => {
    read.add(holder);
    // Empty where a controller fills it in.
    if (image !== null && image !== undefined && image !== '') mentions.push({ image, where });
  };

  function walk(value: unknown, owner: string, path: string, isSpec: boolean): void {
    // YAML aliases can make an object appear twice, or in a circle.
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    if (Array.isArray(value)) {
      for (const [i, entry] of value.entries()) walk(entry, owner, `${path}[${i}]`, isSpec);
      return;
    }
    const fields = value as Fields;
    // It describes objects, and runs none.
    if (fields.kind === 'CustomResourceDefinition') return;
    const name = nameOf(fields);
    const [own, at] = name === undefined ? [owner, path] : [name, ''];
    for (const [key, child] of Object.entries(fields)) {
      const place = at === '' ? key : `${at}.${key}`;
      const where = own === '' ? place : `${own}, ${place}`;
      if (key === 'image' && isSpec && !read.has(fields) && isImage(child)) add(fields, child, where);
      if (containers.has(key) && isFields(child)) add(child, child.image, where);
      if (containerLists.has(key) && Array.isArray(child)) {
        for (const [i, one] of child.entries()) if (isFields(one)) add(one, one.image, `${where}[${i}]`);
      }
      if (key === 'volumes' && Array.isArray(child)) {
        for (const [i, one] of child.entries()) {
          if (isFields(one) && isFields(one.image)) add(one, one.image.reference, `${where}[${i}].image`);
        }
      }
      walk(child, own, place, isSpec || key === 'spec');
    }
  }
  walk(document, '', '', false);
  return mentions;
}

function nameOf({ kind, metadata }: Fields): string | undefined {
  if (typeof kind !== 'string') return undefined;
  const name = isFields(metadata) && typeof metadata.name === 'string' ? ` ${metadata.name}` : '';
  return `${kind}${name}`;
}

/**
 * For fields of any meaning: only a text that looks like a full image reference counts, since not every `image` is
 * pulled.
 */
function isImage(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  if (unresolvedIn(value).length > 0) return true;
  const isPinned = value.includes('@') || /:[^/]*$/.test(value);
  return isPinned && parseReference(withRegistry(value)).ok;
}
