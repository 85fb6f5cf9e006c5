/**
 * What was true before the random requests and must be true after them, and that the tracker still works: a fault that
 * answers every hostile request well and breaks the next valid one would otherwise not be found.
 */
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import { until, webhookBody } from '../support/app.ts';
import type { Deliveries } from './deliveries.ts';
import type { Subject } from './subject.ts';
import { digestOf, regions, registries, truthRelease, truthRepository } from './words.ts';

/** The address of the tracker, and its keys. */
export type Asked = Pick<Subject, 'url' | 'testSecrets'>;

export interface Truth {
  /** What has changed since; empty if nothing has. */
  compare(): Promise<string[]>;
}

const images = 6;
const first = 1_000_000;
const within = () => AbortSignal.timeout(15_000);

async function deliver(
  { url, testSecrets }: Asked,
  region: string,
  digest: string,
  tag?: string,
  repository = truthRepository,
) {
  const body = webhookBody({
    digest,
    region,
    repository,
    timestamp: '2026-06-01T12:00:00Z',
    ...(tag === undefined ? {} : { tag }),
  });
  const headers = { authorization: `Bearer ${testSecrets.webhookSecrets[1]}`, 'content-type': 'application/json' };
  const answer = await fetch(`${url}/api/webhooks/${registries[0]}/${region}`, {
    method: 'POST',
    headers,
    body,
    signal: within(),
  });
  if (!answer.ok) throw new Error(`a good webhook was answered ${answer.status}: ${await answer.text()}`);
}

/** @param sent makes it a PUT or a POST */
export async function ask<T>(
  { url, testSecrets }: Asked,
  path: string,
  sent?: { readonly method: 'PUT' | 'POST'; readonly body: object },
): Promise<{ status: number; body: T }> {
  const answer = await fetch(`${url}${path}`, {
    headers: { 'x-functions-key': testSecrets.keys.function, 'content-type': 'application/json' },
    signal: within(),
    ...(sent === undefined ? {} : { method: sent.method, body: JSON.stringify(sent.body) }),
  });
  return { status: answer.status, body: (await answer.json()) as T };
}

const imageOf = (tail: string, repository = truthRepository) => `${registries[0]}.azurecr.io/${repository}${tail}`;

/** The images of the release: some everywhere, and some not. */
const released = () => Array.from({ length: images }, (_, i) => imageOf(`@${digestOf(first + i)}`));

async function answersOf(subject: Asked): Promise<string[]> {
  const tails = Array.from({ length: images }, (_, i) => [`@${digestOf(first + i)}`, `:t${i}`]).flat();
  const single = tails.map((tail) => ask<object>(subject, `/api/availability?image=${imageOf(tail)}`));
  const several = [
    ask<object>(subject, `/api/releases/${truthRelease}`),
    ask<object>(subject, '/api/availability', { method: 'POST', body: { images: released() } }),
  ];
  const answers = await Promise.all([...single, ...several]);
  // When the replicas were read last is no part of it.
  return answers.map(({ status, body }) =>
    JSON.stringify([status, body], (name, value) => (name === 'replicas' ? undefined : value)),
  );
}

/** Some images everywhere, some not yet, and a release of them. */
export async function reportTruth(subject: Asked): Promise<Truth> {
  for (let i = 0; i < images; i++) {
    for (const region of regions.slice(0, 1 + (i % regions.length)))
      await deliver(subject, region, digestOf(first + i), `t${i}`);
  }
  const body = { images: released() };
  const made = await ask(subject, `/api/releases/${truthRelease}`, { method: 'PUT', body });
  if (made.status !== 200 && made.status !== 201) throw new Error(`a good release was answered ${made.status}`);
  // Until what is complete has been published and noted.
  let before = await answersOf(subject);
  const settled = async () => {
    const now = await answersOf(subject);
    const isSame =
      JSON.stringify(now) === JSON.stringify(before) &&
      // Of the single images: among several, one may be complete and the next not.
      !now.slice(0, 2 * images).some((text) => /"state":"available","satisfied".*"announcedAt":null/.test(text));
    before = now;
    return isSame;
  };
  await until(settled, (isSame) => isSame, 20_000);
  return {
    async compare() {
      const after = await answersOf(subject);
      return after.flatMap((text, i) =>
        text === before[i] ? [] : [`an answer of before changed:\n  ${before[i]}\n  ${text}`],
      );
    },
  };
}

/** That a new image is still reported, published and found everywhere. */
export async function checkWork(subject: Asked, number: number): Promise<string[]> {
  const digest = digestOf(2_000_000 + number);
  const image = imageOf(`:after@${digest}`, 'sane/app');
  const waiting = ask<AvailabilityDocument>(subject, `/api/wait?image=${image}&timeout=12`);
  for (const region of regions) await deliver(subject, region, digest, 'after', 'sane/app');
  const { status, body } = await waiting;
  const asked = await ask<AvailabilityDocument>(subject, `/api/availability?image=${image}`);
  const isRight =
    status === 200 && body.satisfied && asked.body.state === 'available' && asked.body.tag?.state === 'converged';
  return isRight ? [] : [`a good image was not found everywhere: ${status} ${JSON.stringify(asked.body)}`];
}

/** Nothing is known that was not reported, and everything that was acknowledged is known. */
export async function checkKnown(
  subject: Asked,
  { offered, acknowledged }: Pick<Deliveries, 'offered' | 'acknowledged'>,
): Promise<string[]> {
  const found: string[] = [];
  for (const registry of registries) {
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page = await ask<{ images: AvailabilityDocument[]; next: string | null }>(
        subject,
        `/api/images?registry=${registry}&limit=500${more}`,
      );
      for (const { repository, digest, image } of page.body.images) {
        const isOurs = repository === truthRepository || repository === 'sane/app';
        if (!isOurs && !offered.has(`${repository}@${digest}`)) found.push(`not reported: ${image}`);
      }
      cursor = page.body.next;
    } while (cursor !== null);
  }
  for (const { registry, region, repository, digest } of acknowledged) {
    const { body } = await ask<AvailabilityDocument>(
      subject,
      `/api/availability?image=${registry}.azurecr.io/${repository}@${digest}`,
    );
    const known = body.regions?.find((one) => one.region === region);
    if (known === undefined || known.since === null)
      found.push(`acknowledged and not known: ${repository}@${digest} in ${region}`);
  }
  return found;
}
