/** For how long regions have lacked an image, and within which time they usually have it. */
import { formatDuration } from '../core/runtime/format-duration.ts';
import type { CliContext } from './cli-context.ts';
import type { Answer, RegionAnswer } from './document.ts';
import { listOf, readNumber, readText } from './document.ts';
import { formatAge, formatLag } from './duration.ts';
import { isThere } from './region-words.ts';
import type { TrackerClient } from './tracker-client.ts';
import { isFields } from './tracker-reply.ts';

/** Without an answer, the image is shown without it. */
const limitMs = 5_000;

/** `missing for 6 min; usually there within: westus 12 s, westus3 2.7 s`. One more question, only where a region is waited for. */
export async function waitedLines(
  answer: Answer,
  client: TrackerClient,
  { clock }: Pick<CliContext, 'clock'>,
): Promise<string[]> {
  const awaited = answer.regions.filter((region) => isAwaited(answer, region)).map(({ region }) => region);
  if (answer.firstSeenAt === undefined || awaited.length === 0) return [];
  const reply = await client.get('api/replicas', { registry: readText(answer.document.registry) }, limitMs);
  const usual = (reply.ok ? listOf(reply.body.regions) : []).flatMap(({ region, lag }): string[] => {
    // Within this time, 95 of 100 images were there.
    const seconds = isFields(lag) ? readNumber(lag.p95Seconds) : undefined;
    const name = readText(region);
    const isKnown = name !== undefined && seconds !== undefined && seconds > 0 && awaited.includes(name);
    return isKnown ? [`${name} ${formatLag(seconds)}`] : [];
  });
  const ms = clock.now() - Date.parse(answer.firstSeenAt);
  const waited = `missing for ${ms < 86_400_000 ? formatDuration(ms) : formatAge(ms)}`;
  return [usual.length === 0 ? waited : `${waited}; usually there within: ${usual.join(', ')}`];
}

function isAwaited(answer: Answer, region: RegionAnswer): boolean {
  return answer.state === 'replicating' && region.required && region.state === 'missing' && !isThere(answer, region);
}
