/**
 * `npm run simulate`: runs a simulated geo-replicated registry against a running tracker and checks its answers, with
 * webhook events that are lost, repeated and reordered.
 */
import { randomInt } from 'node:crypto';
import { CommanderError } from 'commander';
import { runSimulation } from './simulator/run-simulation.ts';
import { createSimulateCommand } from './simulator/simulate-arguments.ts';

const BAD_USAGE = 64;

const command = createSimulateCommand(async (options) => {
  const seed = options.seed ?? randomInt(4_294_967_295);
  process.exitCode = await runSimulation({ ...options, seed }, (line) => console.log(line));
});

try {
  await command.parseAsync();
} catch (failure) {
  if (failure instanceof CommanderError) {
    process.exitCode = failure.exitCode === 0 ? 0 : BAD_USAGE;
  } else {
    console.error(failure instanceof Error ? failure.message : failure);
    process.exitCode = 1;
  }
}
