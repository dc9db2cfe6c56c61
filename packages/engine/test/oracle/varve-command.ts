import { fileURLToPath } from 'node:url'
import { runProgram, type ClientSettings, type Outcome } from './restic.ts'

const BIN = fileURLToPath(new URL('../../../cli/bin/varve.js', import.meta.url))

/** Varve's command at a repository, as a user starts it. */
export class VarveCommand {
  readonly #settings: ClientSettings

  constructor(settings: ClientSettings) {
    this.#settings = settings
  }

  /** The same with other settings. */
  with(settings: Partial<ClientSettings>): VarveCommand {
    return new VarveCommand({ ...this.#settings, ...settings })
  }

  /** Runs it and tells how it ended, whatever that was. */
  async attempt(...parameters: readonly string[]): Promise<Outcome> {
    const { repository, password, environment, cwd } = this.#settings
    const variables = { VARVE_REPOSITORY: repository, VARVE_PASSWORD: password }
    return runProgram(process.execPath, [BIN, ...parameters], { ...process.env, ...variables, ...environment }, cwd)
  }

  /** What it writes to standard output. Rejects where it fails. */
  async run(...parameters: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.attempt(...parameters)
    if (code !== 0) throw new Error(`varve ${parameters.join(' ')} ended with ${code}: ${stderr}`)
    return stdout
  }

  /** What it writes with `--json`, one value for each line. */
  async json(...parameters: readonly string[]): Promise<readonly unknown[]> {
    const lines = (await this.run(...parameters, '--json')).trim().split('\n')
    return lines.map((line) => JSON.parse(line) as unknown)
  }
}
