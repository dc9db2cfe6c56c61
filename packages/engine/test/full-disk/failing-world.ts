import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { check } from '../../src/maintenance/check.ts'
import { createRepository } from '../../src/repository/create-repository.ts'
import { openRepository } from '../../src/repository/open-repository.ts'
import { createStorage } from '../../src/storage/open-storage.ts'
import { CHEAP_KDF, noise, POLYNOMIAL } from '../fixtures/repository-fixture.ts'
import { contentsOf } from '../corruption/damaged-world.ts'
import { runVarve, type CommandRun, type FailingCalls } from './strace.ts'

const PASSWORD = 'failing'

/** Files of the source: small ones that are saved together, and one that takes many writes. */
const FILES: Readonly<Record<string, Buffer>> = {
  ...Object.fromEntries([1, 2, 3].map((i) => [`sub/f${i}`, noise(20_000, i)])),
  large: noise(3_000_000, 9),
}

/** A source, a repository and a target, for real commands some of whose system calls fail. */
export class FailingWorld {
  readonly source: string
  readonly repository: string
  readonly target: string
  readonly #environment: Readonly<Record<string, string>>

  private constructor(folder: string, repository: string) {
    this.source = join(folder, 'source')
    this.target = join(folder, 'target')
    this.repository = repository
    this.#environment = { VARVE_PASSWORD: PASSWORD, HOME: folder }
  }

  /**
   * An empty repository, and a source with files.
   *
   * @param folder - for all of it
   * @param repository - its location, `folder/repository` if left out
   */
  static async create(folder: string, repository = join(folder, 'repository')): Promise<FailingWorld> {
    const storage = await createStorage(repository)
    await (
      await createRepository({ storage, password: PASSWORD, kdf: CHEAP_KDF, chunkerPolynomial: POLYNOMIAL })
    ).close()
    const world = new FailingWorld(folder, repository)
    mkdirSync(join(world.source, 'sub'), { recursive: true })
    for (const [name, content] of Object.entries(FILES)) writeFileSync(join(world.source, name), content)
    return world
  }

  /** Runs a command on the repository. */
  async run(args: readonly string[], failing?: FailingCalls): Promise<CommandRun> {
    return runVarve(['-r', this.repository, ...args], this.#environment, failing)
  }

  /** Takes a snapshot of the source. */
  async snapshot(failing?: FailingCalls): Promise<CommandRun> {
    return this.run(['snapshot', this.source], failing)
  }

  /** Restores the last snapshot's source into the target. */
  async restore(failing?: FailingCalls): Promise<CommandRun> {
    return this.run(['restore', 'latest', '--output-directory', this.target], failing)
  }

  /** What is wrong with the repository, and with the files of its snapshots: each has what the source has. */
  async problems(): Promise<readonly string[]> {
    const repository = await openRepository({ storage: this.repository, password: PASSWORD })
    try {
      const { problems } = await check(repository, { readData: true, noLock: true })
      const wrong: string[] = []
      const indexed = await repository.loadIndex()
      for (const snapshot of await repository.snapshots()) {
        for (const [path, content] of await contentsOf(indexed, snapshot)) {
          const name = path.slice(this.source.length + 1)
          if (FILES[name]?.equals(content) !== true) wrong.push(`${path} of snapshot ${snapshot.id} is wrong`)
        }
      }
      return [...problems.map(({ message }) => message), ...wrong]
    } finally {
      await repository.close()
    }
  }

  /** How many snapshots there are. */
  async snapshots(): Promise<number> {
    const repository = await openRepository({ storage: this.repository, password: PASSWORD })
    try {
      return (await repository.snapshots()).length
    } finally {
      await repository.close()
    }
  }

  /** Names of the target's files that have not what the source has; `undefined` where there is no target. */
  wrongInTarget(): readonly string[] {
    let names: readonly string[] = []
    try {
      names = readdirSync(this.target, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(this.target.length + 1))
    } catch {
      return []
    }
    return names.filter((name) => FILES[name]?.equals(readFileSync(join(this.target, name))) !== true)
  }

  /** Whether the target has all files. */
  get isRestored(): boolean {
    return (
      this.wrongInTarget().length === 0 &&
      Object.entries(FILES).every(([name, content]) => readFileSync(join(this.target, name)).equals(content))
    )
  }
}

/** Whether people were shown a stack, or an error without a name, where they should be told what happened. */
export function isCrash({ code, output }: CommandRun): boolean {
  return code < 0 || /^\s+at .*:\d+:\d+|unknown (?:system )?error/im.test(output)
}
