/**
 * The stand-in tracker as a process that behaves like the app's own `main.ts`: prints where it listens, ends on
 * SIGTERM. Its mistakes come as JSON in the first argument.
 */
import { startStandInTracker } from './stand-in-tracker.ts';

const mistakes = process.argv[2];
const [registry] = JSON.parse(process.env.REGISTRIES ?? '[]');
const tracker = await startStandInTracker(registry.regions, JSON.parse(mistakes?.startsWith('{') ? mistakes : '{}'));
process.once('SIGTERM', () => tracker.stop().then(() => process.exit()));
console.log(`Listening on ${tracker.url}`);
