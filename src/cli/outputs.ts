/** Outputs for later steps of a build: the digest to deploy, since a tag may have moved by then. */
import type { Answer } from './document.ts';

/** For several images, `digest` and `image` have a line for each, in the order of `images`, which is JSON. */
export function outputsOf(answers: readonly Answer[], state = 'unknown') {
  const images = answers.map(({ image, digest, tag, state: own, satisfied }) => ({
    image,
    ...(tag === undefined ? {} : { tag: tag.name }),
    digest: digest ?? null,
    state: own,
    satisfied,
  }));
  return {
    digest: answers.map(({ digest }) => digest ?? '').join('\n'),
    image: answers.map(({ image }) => image).join('\n'),
    state,
    images: JSON.stringify(images),
  };
}
