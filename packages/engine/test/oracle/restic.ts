import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'

/** The restic that tests compare with. */
export const RESTIC = process.env['VARVE_TEST_RESTIC'] ?? 'restic'

/** The rustic that tests compare with. */
export const RUSTIC = process.env['VARVE_TEST_RUSTIC'] ?? 'rustic'

const RESTIC_VERSION = versionOf(RESTIC, 'version', process.env['VARVE_REQUIRE_RESTIC'] === '1')

/** Whether restic is missing, which was said then; with VARVE_REQUIRE_RESTIC=1 this module cannot be imported where it is. */
export const noRestic = RESTIC_VERSION === undefined

/** Whether rustic is missing, which was said then. */
export const noRustic = versionOf(RUSTIC, '--version', false) === undefined

/** The 14 of restic 0.14.0; 0 where restic is missing. */
export const resticMinor = Number(/^restic 0\.(\d+)/.exec(RESTIC_VERSION ?? '')?.[1] ?? 0)

function versionOf(program: string, argument: string, required: boolean): string | undefined {
  try {
    return execFileSync(program, [argument], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch (error) {
    if (required) throw new Error(`${program} is required and does not run`, { cause: error })
    process.stderr.write(`skipped: ${program} does not run\n`)
    return undefined
  }
}

/** How a program ended. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A client of a repository, to be run with that repository and its password. */
export interface ClientSettings {
  readonly repository: string
  readonly password: string
  /** Folder to run in. */
  readonly cwd?: string
  /** Environment variables besides those of this process. */
  readonly environment?: NodeJS.ProcessEnv
}

/** restic at a repository, without a cache. */
export class Restic {
  readonly #settings: ClientSettings

  constructor(settings: ClientSettings) {
    this.#settings = settings
  }

  /** The same with other settings. */
  with(settings: Partial<ClientSettings>): Restic {
    return new Restic({ ...this.#settings, ...settings })
  }

  /** What restic needs to know, for those who start it themselves. */
  get environment(): NodeJS.ProcessEnv {
    const { repository, password, environment } = this.#settings
    return { ...process.env, RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: password, ...environment }
  }

  /** Runs it and tells how it ended, whatever that was. */
  async attempt(...parameters: readonly string[]): Promise<Outcome> {
    return runProgram(RESTIC, [...parameters, '--no-cache'], this.environment, this.#settings.cwd)
  }

  /** What it writes to standard output. Rejects where it fails. */
  async run(...parameters: readonly string[]): Promise<string> {
    return outputOf(await this.attempt(...parameters), `restic ${parameters.join(' ')}`)
  }

  /** What it writes with `--json`, one value for each line. */
  async json(...parameters: readonly string[]): Promise<readonly unknown[]> {
    const lines = (await this.run(...parameters, '--json')).trim().split('\n')
    return lines.map((line) => JSON.parse(line) as unknown)
  }
}

/** Runs rustic at a repository, without a cache. Rejects where it fails. */
export async function runRustic(settings: ClientSettings, ...parameters: readonly string[]): Promise<string> {
  const { repository, password, environment, cwd } = settings
  const shared = ['--repository', repository, '--password', password, '--no-cache', '--no-progress']
  const outcome = await runProgram(RUSTIC, [...parameters, ...shared], { ...process.env, ...environment }, cwd)
  return outputOf(outcome, `rustic ${parameters.join(' ')}`)
}

/** Runs a program without input and tells how it ended, whatever that was. */
export async function runProgram(
  program: string,
  parameters: readonly string[],
  environment: NodeJS.ProcessEnv,
  cwd?: string,
): Promise<Outcome> {
  const running = promisify(execFile)(program, [...parameters], {
    env: environment,
    maxBuffer: 256 * 1024 * 1024,
    ...(cwd === undefined ? {} : { cwd }),
  })
  running.child.stdin?.end()
  try {
    return { code: 0, ...(await running) }
  } catch (error) {
    const { code, stdout, stderr } = error as { readonly code: unknown } & Omit<Outcome, 'code'>
    if (typeof code !== 'number') throw error
    return { code, stdout, stderr }
  }
}

function outputOf({ code, stdout, stderr }: Outcome, what: string): string {
  if (code !== 0) throw new Error(`${what} ended with ${code}: ${stderr}${stdout.slice(-2000)}`)
  return stdout
}
