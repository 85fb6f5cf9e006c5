/**
 * The images that a file names, in any format. The format is recognised by the content, since a pipe has no name. What
 * cannot be read is an error and is never skipped: an image that was not waited for would look like one that is
 * available.
 */

import { formatReference, parseReference } from '../../core/model/reference.ts';
import type { FieldProblem, Parsed } from '../../core/runtime/parsed.ts';
import { parsed, problem, quote } from '../../core/runtime/parsed.ts';
import { clean } from '../clean.ts';
import { isFields } from '../tracker-reply.ts';
import { imagesInBuildMetadata, isBuildMetadata } from './build-metadata.ts';
import { imagesInCompose, isCompose } from './compose.ts';
import { withRegistry } from './docker-hub.ts';
import { readDocuments } from './documents.ts';
import { imagesByName } from './image-names.ts';
import { imagesInKubernetes } from './kubernetes.ts';
import type { Mention } from './mention.ts';
import { imagesInList, isPlainList } from './plain-list.ts';
import { unresolvedIn } from './unresolved.ts';

const maxProblems = 20;
const noImage =
  'names no image; it must be a list, manifests as helm template and kustomize build print them, a compose file, the metadata of a build, or JSON with images';

/**
 * @param file its name, for error messages
 * @returns full references, each once, in the order of the file; at least one
 */
export async function readImages(text: string, file: string): Promise<Parsed<readonly string[]>> {
  const mentions = await readMentions(text, file);
  if (!mentions.ok) return mentions;
  if (mentions.value.length === 0) {
    return problem(file, noImage);
  }
  const read = mentions.value.map((mention) => readImage(mention, file));
  const problems: FieldProblem[] = read.flatMap((one) => (one.ok ? [] : one.problems));
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, maxProblems) };
  return parsed([...new Set(read.flatMap((one) => (one.ok ? [one.value] : [])))]);
}

async function readMentions(text: string, file: string): Promise<Parsed<readonly Mention[]>> {
  if (isPlainList(text)) return parsed(imagesInList(text));
  const documents = await readDocuments(text, file);
  return documents.ok ? parsed(documents.value.flatMap(mentionsIn)) : documents;
}

function mentionsIn(document: unknown): Mention[] {
  if (Array.isArray(document)) {
    // A list of objects, as some tools print, or of images.
    const isObject = (entry: unknown) => isFields(entry) && entry.kind !== undefined;
    return document.some(isObject) ? document.flatMap(mentionsIn) : imagesByName(document, '');
  }
  if (!isFields(document)) return [];
  if (isCompose(document)) return imagesInCompose(document);
  if (isBuildMetadata(document)) return imagesInBuildMetadata(document);
  if (Array.isArray(document.images) && document.kind === undefined) return imagesByName(document.images, 'images');
  return imagesInKubernetes(document);
}

function readImage({ image, where }: Mention, file: string): Parsed<string> {
  const field = clean(`${file}, ${where}`);
  if (typeof image !== 'string') return problem(field, 'must be an image, as text; was a template not rendered?');
  const unresolved = unresolvedIn(image);
  if (unresolved.length > 0) {
    return problem(field, `${clean(unresolved.join(' and '))} is not replaced (got ${quote(clean(image))})`);
  }
  const reference = parseReference(withRegistry(clean(image).trim()), field);
  return reference.ok ? parsed(formatReference(reference.value)) : reference;
}
