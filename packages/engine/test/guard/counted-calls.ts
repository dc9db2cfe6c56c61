/** How often each function of a module was called since {@link CountedCalls.reset}. */
export class CountedCalls {
  readonly #counts = new Map<string, number>()

  /** The module with its functions counted, for `vi.mock`; what they return may be counted as well, by `alter`. */
  count<Module extends object>(module: Module, alter: (name: string, result: unknown) => unknown): Module {
    return Object.fromEntries(
      Object.entries(module).map(([name, value]) => [
        name,
        typeof value === 'function' ? this.#counted(name, value, alter) : value,
      ]),
    ) as Module
  }

  /** Counts a call. */
  note(name: string): void {
    this.#counts.set(name, this.of(name) + 1)
  }

  /** Calls of a function. */
  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  reset(): void {
    this.#counts.clear()
  }

  #counted(name: string, value: object, alter: (name: string, result: unknown) => unknown): unknown {
    const note = (): void => this.note(name)
    return new Proxy(value, {
      apply: (target, self, args: unknown[]): unknown => {
        note()
        return alter(name, Reflect.apply(target as (...args: unknown[]) => unknown, self, args))
      },
    })
  }
}
