/**
 * One run of `npm run simulate`: pushes for a while, lets everything arrive, asks the tracker, and reports.
 * `verdict.ts` judges the answers; this file plans the run and derives the exit code.
 */
import { type ArmServer, startArmServer } from './arm-server.ts';
import { compareWithTruth } from './compare.ts';
import { drawImage, type LoadOptions, planLoad } from './load.ts';
import { type RealScheduler, runInRealTime } from './real-scheduler.ts';
import { startRegionServers } from './region-server.ts';
import { countOutcomes, formatComparisons } from './report.ts';
import type { SimulateArguments } from './simulate-arguments.ts';
import { createSimulator, type Simulator } from './simulator.ts';
import type { StandInServer } from './stand-in-server.ts';
import { type Claim, createTrackerClient, type TrackerClient } from './tracker-client.ts';
import { toWorst } from './verdict.ts';
import { watchClaims } from './watch-claims.ts';

type SimulationOptions = SimulateArguments & { seed: number };
interface Served {
  readonly arm: ArmServer;
  readonly regions: ReadonlyMap<string, StandInServer>;
}
type Print = (line: string) => void;

/** Resolves to the exit code. Rejects when the tracker cannot be asked. */
export async function runSimulation(options: SimulationOptions, print: Print): Promise<number> {
  const scheduler = runInRealTime();
  const simulator = createSimulator({
    ...options,
    ...{ scheduler, lagSeconds: options.lag, slowRegions: options.late, delivery: options },
    faults: { childrenAfterIndex: options.childrenLate, scatter: options.scatter, overtake: options.overtake },
  });
  const served = options.serve === undefined ? undefined : await serve(simulator, options.serve, print);
  try {
    return await playAndCompare(simulator, scheduler, options, print, served);
  } finally {
    scheduler.stop();
    await Promise.all(served === undefined ? [] : [served.arm, ...served.regions.values()].map((one) => one.stop()));
  }
}

async function playAndCompare(
  simulator: Simulator,
  scheduler: RealScheduler,
  options: SimulationOptions,
  print: Print,
  served?: Served,
): Promise<number> {
  const { world, sender } = simulator;
  const { seed, url, key, images, speed, settle } = options;
  const client = createTrackerClient(url, key);
  const { index, artifacts: artifact, signed, deleted, memberDeleted, pushedAgain, raced } = options;
  const load: LoadOptions = {
    seed,
    images,
    speed,
    shares: { index, artifact, signed, deleted, memberDeleted, pushedAgain, raced },
  };
  const { regions: expected } = await askBefore(client, world.loginServer, load);
  print(`The tracker expects ${expected.map(({ region }) => region).join(', ') || 'no regions'}`);
  print(`seed ${seed}: ${images} pushes to ${world.loginServer} in ${options.regions.join(', ')}`);
  planIncidents(simulator, scheduler, options, served);
  planLoad(world, scheduler, load);

  const watch = watchClaims(world, client);
  await scheduler.idle();
  const early = await watch.stop();
  for (const line of countOutcomes(sender.attempts)) print(line);
  const comparisons = await compareWithTruth({ world, attempts: sender.attempts, client, settleSeconds: settle });
  for (const line of formatComparisons(comparisons)) print(line);
  const worst = toWorst(comparisons.map(({ outcome }) => outcome));
  for (const phrase of early) print(`  FALSE  ${phrase}`);
  const isWrong = worst === 'false' || worst === 'behind' || early.length > 0;
  print(isWrong ? `The tracker is wrong. Replay with --seed ${seed}` : `The tracker is right. seed ${seed}`);
  return isWrong ? 1 : 0;
}

/**
 * Checked first, so that a wrong address, key or registry name does not cost a whole run.
 * @throws Error when the tracker does not answer, or already knows the images of this seed
 */
async function askBefore(client: TrackerClient, loginServer: string, load: LoadOptions): Promise<Claim> {
  const { repository, image } = drawImage(load, 0);
  const claim = await client.fetchClaim(`${loginServer}/${repository}@${image.digest}`);
  if (claim.regions.some(({ state }) => state === 'available' || state === 'deleted')) {
    throw new Error(
      `seed ${load.seed}: the tracker knows its images; start it with an empty --data folder, or take another seed`,
    );
  }
  return claim;
}

/** Schedules faults of replicas, of their endpoints and of ARM. */
function planIncidents(
  { world }: Simulator,
  scheduler: RealScheduler,
  { outage, addReplica, removeReplica, endpoint, armOutage, speed }: SimulationOptions,
  served?: Served,
): void {
  const startAt = scheduler.now();
  const plan = (seconds: number, action: () => void) => scheduler.at(startAt + (seconds * 1_000) / speed, action);
  for (const [region, { from, until }] of Object.entries(outage)) {
    plan(from, () => world.beginOutage(region));
    plan(until, () => world.endOutage(region));
  }
  for (const [region, seconds] of Object.entries(addReplica)) plan(seconds, () => world.addReplica(region));
  for (const [region, seconds] of Object.entries(removeReplica)) plan(seconds, () => world.removeReplica(region));
  for (const [region, { mode, from, until }] of Object.entries(endpoint)) {
    plan(from, () => served?.regions.get(region)?.setMode(mode));
    plan(until, () => served?.regions.get(region)?.setMode('ok'));
  }
  if (armOutage !== undefined) {
    plan(armOutage.from, () => served?.arm.setMode('unavailable'));
    plan(armOutage.until, () => served?.arm.setMode('ok'));
  }
}

/** Starts the endpoints that the tracker can probe, and prints the settings that make it do so. */
async function serve(simulator: Simulator, port: number, print: Print): Promise<Served> {
  const arm = await startArmServer(simulator, { port });
  const regions = await startRegionServers(simulator.world, port === 0 ? {} : { port: port + 1 });
  const regionalEndpoints = Object.fromEntries([...regions].map(([region, { url }]) => [region, url]));
  const entry = { name: simulator.world.registry, resourceId: arm.resourceId, regionalEndpoints };
  print(`The management API is at ${arm.url}; a tracker that is to look for itself needs`);
  print(`  REGISTRIES=${JSON.stringify([entry])}`);
  return { arm, regions };
}
