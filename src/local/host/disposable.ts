/**
 * The result of a registration. The core module hands the class itself to the library, which extends and constructs it,
 * so a factory would not do.
 */
export class Disposable {
  #callback: (() => unknown) | undefined;

  static from(...disposables: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const disposable of disposables) disposable.dispose();
    });
  }

  constructor(callback: () => unknown) {
    this.#callback = callback;
  }

  dispose(): unknown {
    const callback = this.#callback;
    this.#callback = undefined;
    return callback?.();
  }
}

export function createDisposable(callback: () => unknown): Disposable {
  return new Disposable(callback);
}
