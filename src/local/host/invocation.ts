/**
 * Runs a function once, in the worker's order: the library makes the arguments, hooks may change them, the function
 * runs, hooks may change its outcome, the library makes the response. Running invocations are counted, so that a
 * stopping host can wait for them.
 */
import { randomUUID } from 'node:crypto';
import type { Core } from './core-api.ts';
import type {
  CoreInvocationContext,
  InvocationRequest,
  InvocationResponse,
  RegisteredFunction,
  RetryContext,
  RpcTypedData,
} from './core-types.ts';
import { findTrigger } from './functions.ts';
import { createInFlight } from './in-flight.ts';
import { isDoneWithin } from './limit-time.ts';
import { describeError } from './log.ts';

export interface Trigger {
  readonly data: RpcTypedData;
  readonly metadata?: Record<string, RpcTypedData>;
  readonly traceParent?: string | undefined;
  readonly retryContext?: RetryContext;
}

export interface Invoker {
  /** Rejects with the function's own error, after logging it. */
  invoke(target: RegisteredFunction, trigger: Trigger): Promise<InvocationResponse>;
  /** Resolves when all invocations that run now have ended. */
  idle(): Promise<void>;
}

export function createInvoker(core: Core, timeoutMs: number | undefined): Invoker {
  const inFlight = createInFlight();

  async function run(target: RegisteredFunction, trigger: Trigger): Promise<InvocationResponse> {
    const { name } = target.metadata;
    const invocationId = randomUUID();
    const startedAt = performance.now();
    const logEnd = (level: 'debug' | 'error', message: string) =>
      core.log({ level, category: 'system', message, functionName: name, invocationId });
    try {
      const response = await limitTime(callModel(core, target, trigger, invocationId), timeoutMs, name);
      logEnd('debug', `succeeded in ${Math.round(performance.now() - startedAt)} ms`);
      return response;
    } catch (failure) {
      logEnd('error', `failed after ${Math.round(performance.now() - startedAt)} ms: ${describeError(failure)}`);
      throw failure;
    }
  }

  return {
    invoke(target, trigger) {
      const invocation = run(target, trigger);
      inFlight.add(invocation);
      return invocation;
    },
    idle: inFlight.idle,
  };
}

async function callModel(
  core: Core,
  { metadata, callback }: RegisteredFunction,
  trigger: Trigger,
  invocationId: string,
): Promise<InvocationResponse> {
  const { model } = core;
  if (model === undefined) throw new Error(`${metadata.name}: the app has set no programming model.`);
  const functionId = metadata.functionId ?? metadata.name;
  const request: InvocationRequest = {
    invocationId,
    functionId,
    inputData: [{ name: findTrigger(metadata).bindingName, data: trigger.data }],
    triggerMetadata: trigger.metadata ?? {},
    traceContext: { traceParent: trigger.traceParent ?? createTraceParent() },
    ...(trigger.retryContext === undefined ? {} : { retryContext: trigger.retryContext }),
  };
  let invocationContext: unknown;
  const coreContext: CoreInvocationContext = {
    invocationId,
    request,
    metadata,
    state: undefined,
    log: (level, category, message) =>
      core.log({ level, category, message, functionName: metadata.name, invocationId }, invocationContext),
  };
  const invocation = await model.getInvocationModel(coreContext);
  const { context, inputs } = await invocation.getArguments();
  invocationContext = context;

  const hookData = {};
  // Getters without setters: assigning to one of these fails, as in the worker.
  const shared = { get: () => ({ hookData, appHookData: core.appHookData, invocationContext: context }) };
  const before = withReadOnly(shared.get(), { inputs, functionCallback: callback });
  await inState(coreContext, 'preInvocationHooks', () => core.hooks.run('preInvocation', before));

  const after = withReadOnly(shared.get(), { inputs: before.inputs, result: null as unknown, error: null as unknown });
  try {
    after.result = await inState(coreContext, 'invocation', () =>
      invocation.invokeFunction(context, before.inputs, before.functionCallback),
    );
  } catch (failure) {
    after.error = failure;
  }
  await inState(coreContext, 'postInvocationHooks', () => core.hooks.run('postInvocation', after));
  if (after.error !== null && after.error !== undefined) throw after.error;
  return invocation.getResponse(context, after.result);
}

async function inState<Result>(
  context: CoreInvocationContext,
  state: CoreInvocationContext['state'],
  work: () => Promise<Result>,
): Promise<Result> {
  context.state = state;
  try {
    return await work();
  } finally {
    context.state = undefined;
  }
}

function withReadOnly<Fixed extends object, Open extends object>(fixed: Fixed, open: Open): Readonly<Fixed> & Open {
  const context = { ...open };
  for (const [name, value] of Object.entries(fixed)) {
    Object.defineProperty(context, name, { enumerable: true, value });
  }
  return context as Readonly<Fixed> & Open;
}

/** The function cannot be interrupted. The real host restarts the worker here; this one only stops waiting. */
async function limitTime<Result>(work: Promise<Result>, timeoutMs: number | undefined, name: string): Promise<Result> {
  if (timeoutMs === undefined || (await isDoneWithin(work, timeoutMs))) return work;
  work.catch(() => undefined);
  throw new Error(`${name}: took longer than functionTimeout in host.json allows (${timeoutMs} ms).`);
}

function createTraceParent(): string {
  const digits = () => randomUUID().replaceAll('-', '');
  return `00-${digits()}-${digits().slice(0, 16)}-00`;
}
