/**
 * The `@azure/functions-core` module, the interface between an app's `@azure/functions` and the worker. Without it the
 * library falls into test mode, says so once, and registers nothing. It follows the worker's contract including its
 * errors, so that an app that loads here loads on Azure.
 */
import Module from 'node:module';
import type {
  FunctionCallback,
  FunctionMetadata,
  ProgrammingModel,
  RegisteredFunction,
  RpcLogCategory,
  RpcLogLevel,
} from './core-types.ts';
import { Disposable } from './disposable.ts';
import { createHooks, type Hooks } from './hooks.ts';
import type { LogEntry, OnLog } from './log.ts';
import { systemError } from './system-error.ts';

export interface Core {
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
  readonly hooks: Hooks;
  /** Shared by all hooks of the app, on every context. */
  readonly appHookData: object;
  readonly model: ProgrammingModel | undefined;
  /** After this call nothing can be registered, as after a worker's start. */
  lock(): void;
  /** Logs after the app's log hooks have run. */
  log(entry: LogEntry, invocationContext?: unknown): void;
  /** The result of `require('@azure/functions-core')`. */
  readonly module: object;
}

const WORKER_VERSION = '3.12.0';
const HOST_VERSION = '4.1040.0';

export function createCore(onLog: OnLog): Core {
  const functions = new Map<string, RegisteredFunction>();
  const hooks = createHooks();
  const appHookData = {};
  const logHookData = {};
  let model: ProgrammingModel | undefined;
  let isLocked = false;

  function registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
    if (isLocked) throw systemError(new Error('A function can only be registered during app startup.'));
    const id = metadata.functionId ?? metadata.name;
    const twin = [...functions.values()].find(
      (other) => other.metadata.name.toLowerCase() === metadata.name.toLowerCase(),
    );
    if (functions.has(id) || twin !== undefined) {
      throw systemError(new Error(`A function with id "${id}" has already been registered.`));
    }
    functions.set(id, { metadata, callback });
    return new Disposable(() => {
      if (isLocked) throw systemError(new Error('A function can only be disposed during app startup.'));
      functions.delete(id);
    });
  }

  function log(entry: LogEntry, invocationContext?: unknown): void {
    const context = {
      get hookData() {
        return logHookData;
      },
      get appHookData() {
        return appHookData;
      },
      invocationContext,
      category: entry.category,
      level: entry.level,
      message: entry.message,
    };
    hooks.runLog(context);
    // The app's hooks may change its own messages, not the host's.
    onLog(entry.category === 'user' ? { ...entry, level: context.level, message: context.message } : entry);
  }

  return {
    functions,
    hooks,
    appHookData,
    log,
    get model() {
      return model;
    },
    lock() {
      isLocked = true;
    },
    module: {
      version: WORKER_VERSION,
      hostVersion: HOST_VERSION,
      Disposable,
      registerFunction,
      registerHook: hooks.register,
      log: (level: RpcLogLevel, category: RpcLogCategory, message: string) => log({ level, category, message }),
      getProgrammingModel: () => model,
      setProgrammingModel(chosen: ProgrammingModel) {
        model = chosen;
      },
    },
  };
}

let current: object | undefined;

/** Makes every later `require('@azure/functions-core')` in this process return this core's module. */
export function installCore({ module }: Core): void {
  if (current === undefined) {
    Module.prototype.require = new Proxy(Module.prototype.require, {
      apply: (target, self, inputs: unknown[]): unknown =>
        inputs[0] === '@azure/functions-core' ? current : Reflect.apply(target, self, inputs),
    });
  }
  current = module;
}
