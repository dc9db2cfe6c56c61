import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRepository } from '../../src/repository/create-repository.ts'
import { CHEAP_KDF } from '../fixtures/repository-fixture.ts'
import { Random } from '../fuzz/random.ts'
import { contentDifferences, readFolderContent } from './folder-content.ts'
import { Model } from './model.ts'
import { runClient, STRESS_PASSWORD } from './programs.ts'
import { WorkerScript, type StressScene } from './worker-script.ts'

/** How to stress a repository. */
export interface StressOptions {
  /** Everything but moments follows from it. */
  readonly seed: number
  /** Workers that use the repository at the same time. With one, the same seed does the same again. */
  readonly processes: number
  readonly storage: 'directory' | 'sqlite'
  /** Whether restic takes part; not with SQLite, which it does not know. */
  readonly restic: boolean
  /** Whether a worker shall go on, after so many steps. */
  readonly goesOn: (steps: number) => boolean
  readonly log?: (line: string) => void
}

/** What a run did. */
export interface StressReport {
  readonly seed: number
  /** How often each kind of step came to each outcome. */
  readonly outcomes: ReadonlyMap<string, number>
  readonly steps: number
  /** Snapshots that must be there at the end, each of which was restored. */
  readonly verified: number
  /** What is wrong; empty where nothing is. */
  readonly findings: readonly string[]
}

/**
 * Lets several workers use one repository with real commands, some of which are killed, and compares what it holds with a model of what it must
 * hold: every snapshot that was reported as saved and that nobody removed, byte for byte. The repository stays where something was found.
 */
export async function stress(options: StressOptions): Promise<StressReport> {
  const root = mkdtempSync(join(tmpdir(), 'varve-stress-'))
  const path = join(root, 'repository')
  const repository = options.storage === 'sqlite' ? `sqlite:${path}` : path
  const mixed = options.restic && options.storage === 'directory'
  await (await createRepository({ storage: repository, password: STRESS_PASSWORD, kdf: CHEAP_KDF })).close()
  const scene = { repository, mixed, root, model: new Model(), log: options.log ?? (() => undefined) }
  const outcomes = new Map<string, number>()
  const findings: string[] = []
  let steps = 0
  const live = async (number: number): Promise<void> => {
    const worker = new WorkerScript(`worker ${number}`, new Random(options.seed * 1000 + number), scene)
    for (let done = 0; findings.length === 0 && options.goesOn(done); done++) {
      const outcome = await worker.next()
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      steps++
    }
  }
  const lives = Array.from({ length: options.processes }, (_, number) =>
    live(number).catch((error: unknown) => findings.push(explain(error))),
  )
  await Promise.all(lives)
  findings.push(...(await finalFindings(scene)))
  if (findings.length === 0) rmSync(root, { recursive: true, force: true })
  else findings.push(`what is left of it lies in ${root}`)
  return { seed: options.seed, outcomes, steps, verified: scene.model.snapshots.length, findings }
}

/** What is wrong when everybody has gone: every snapshot is restored, and every byte is read. */
async function finalFindings({ repository, mixed, root, model }: StressScene): Promise<readonly string[]> {
  const findings: string[] = []
  const target = join(root, 'restored at the end')
  for (const { id, source, content } of model.snapshots) {
    rmSync(target, { recursive: true, force: true })
    mkdirSync(target)
    const parameters = ['restore', id, '--target', target]
    const { code, stderr } = await runClient(repository, { program: 'varve', parameters })
    if (code !== 0) findings.push(`snapshot ${id} cannot be restored at the end: ${stderr}`)
    else findings.push(...contentDifferences(content, readFolderContent(join(target, source))).slice(0, 20))
  }
  const locks = mixed ? [{ program: 'restic', parameters: ['unlock', '--remove-all'] } as const] : []
  const checks = (mixed ? (['varve', 'restic'] as const) : (['varve'] as const)).map(
    (program) => ({ program, parameters: ['check', '--read-data'] }) as const,
  )
  for (const invocation of [...locks, ...checks]) {
    const { code, stdout, stderr } = await runClient(repository, invocation)
    if (code !== 0) findings.push(`${invocation.program} ${invocation.parameters.join(' ')}: ${stderr}${stdout}`)
  }
  return findings
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}\n${explain(error.cause)}`
}
