import { join } from 'node:path'
import { check } from '../../src/maintenance/check.ts'
import { createRepository } from '../../src/repository/create-repository.ts'
import { openRepository } from '../../src/repository/open-repository.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import { CHEAP_KDF } from '../fixtures/repository-fixture.ts'
import { Restic, type ClientSettings } from './restic.ts'
import { VarveCommand } from './varve-command.ts'

/** restic and Varve's command at one repository. */
export class Clients {
  readonly settings: ClientSettings
  readonly restic: Restic
  readonly varve: VarveCommand

  private constructor(settings: ClientSettings) {
    this.settings = settings
    this.restic = new Restic(settings)
    this.varve = new VarveCommand(settings)
  }

  /**
   * Both at a new repository, whose password takes no time to try.
   * @param name - of the repository
   * @param root - folder that gets the repository
   * @param cwd - folder that both are run in
   */
  static async create(name: string, root: string, cwd: string): Promise<Clients> {
    const settings = { repository: join(root, name), password: 'oracle', cwd }
    const { repository: storage, password } = settings
    await (await createRepository({ storage, password, kdf: CHEAP_KDF })).close()
    return new Clients(settings)
  }

  /** Opens the repository for as long as something takes. */
  async withRepository<T>(task: (repository: OpenRepository) => Promise<T>): Promise<T> {
    const { repository: storage, password } = this.settings
    const repository = await openRepository({ storage, password })
    try {
      return await task(repository)
    } finally {
      await repository.close()
    }
  }

  /** What the two find wrong when they read the whole repository. */
  async problems(): Promise<readonly string[]> {
    const theirs = await this.restic.attempt('check', '--read-data')
    const { problems } = await this.withRepository((repository) => check(repository, { readData: true }))
    return [...(theirs.code === 0 ? [] : [theirs.stderr]), ...problems.map(({ message }) => message)]
  }

  /** Lets restic restore the latest snapshot. */
  async restoreByRestic(target: string): Promise<void> {
    await this.restic.run('restore', 'latest', '--target', target)
  }
}

/** What a client says with `--json` at the end of a backup. */
export async function summaryOf(json: Promise<readonly unknown[]>): Promise<Readonly<Record<string, unknown>>> {
  const lines = (await json) as readonly Readonly<Record<string, unknown>>[]
  const summary = lines.find((line) => line['message_type'] === 'summary')
  if (summary === undefined) throw new Error('there is no summary')
  return summary
}
