import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../fuzz/random.ts'
import { contentDifferences, readFolderContent } from './folder-content.ts'
import type { Model, SavedSnapshot } from './model.ts'
import { runClient, type Ending, type Invocation } from './programs.ts'
import { SourceFolder } from './source-folder.ts'

/** What a step does, and how often it is chosen. */
const WEIGHTS = {
  snapshot: 34,
  'other snapshot': 10,
  restore: 16,
  list: 8,
  check: 6,
  prune: 12,
  'other prune': 4,
  unlock: 4,
} as const

/** A step. */
export type Step = keyof typeof WEIGHTS

/** Steps in whose middle programs are killed. */
const KILLED: ReadonlySet<Step> = new Set(['snapshot', 'other snapshot', 'restore', 'prune'])

/** What a worker under stress shares with others. */
export interface StressScene {
  readonly repository: string
  /** Whether restic takes part. */
  readonly mixed: boolean
  readonly root: string
  readonly model: Model
  readonly log: (line: string) => void
}

/** restic says so where it cannot get its lock. */
const RESTIC_LOCKED = /repository is already locked|unable to create lock/

/**
 * One of those who use a repository: a folder that changes, and a sequence of commands that follows from random numbers. All numbers of a step
 * are drawn before it begins, so that what it comes to changes nothing in the script.
 */
export class WorkerScript {
  readonly name: string
  readonly #scene: StressScene
  readonly #random: Random
  readonly #source: SourceFolder
  /** Milliseconds that a command took last: so that kills come at all moments of it. */
  readonly #durations = new Map<string, number>()
  readonly #own: string[] = []
  #steps = 0

  constructor(name: string, random: Random, scene: StressScene) {
    this.name = name
    this.#random = random
    this.#scene = scene
    this.#source = new SourceFolder(join(scene.root, name), random)
  }

  /** Does the next step. @returns what it was; rejects with what is wrong */
  async next(): Promise<string> {
    const [drawn, chosen, killed, moment] = [
      this.#drawStep(),
      this.#random.below(1000),
      this.#random.below(100) < 25,
      this.#random.below(100),
    ]
    // There is something to look for from the first step on.
    const isFirst = this.#steps++ === 0
    const step = isFirst ? 'snapshot' : drawn
    const kill = killed && !isFirst && KILLED.has(step) ? moment / 100 : undefined
    const title = `${this.name} step ${this.#steps}: ${step}${kill === undefined ? '' : `, killed at ${kill}`}`
    try {
      const outcome = await this.#do(step, chosen, kill)
      this.#scene.log(`${title}: ${outcome}`)
      return `${step}: ${outcome}`
    } catch (error) {
      throw new Error(title, { cause: error })
    }
  }

  #drawStep(): Step {
    const steps = Object.entries(WEIGHTS) as [Step, number][]
    let number = this.#random.below(steps.reduce((sum, [, weight]) => sum + weight, 0))
    for (const [step, weight] of steps) {
      number -= weight
      if (number < 0) return step
    }
    return 'snapshot'
  }

  async #do(step: Step, chosen: number, kill: number | undefined): Promise<string> {
    const { mixed } = this.#scene
    const restic = mixed && chosen % 2 === 0
    const program = restic ? 'restic' : 'varve'
    switch (step) {
      case 'snapshot':
        return this.#snapshot(false, chosen, kill)
      case 'other snapshot':
        return this.#snapshot(mixed, chosen, kill)
      case 'restore':
        return this.#restore(restic, chosen, kill)
      case 'list':
        return this.#list(restic)
      case 'check':
        return this.#run({ program, parameters: ['check', '--read-data'] }, undefined)
      case 'prune':
        return this.#prune(false, chosen, kill)
      case 'other prune':
        return this.#prune(mixed, chosen, undefined)
      case 'unlock':
        return this.#run({ program, parameters: ['unlock'] }, undefined)
      default:
        throw new Error(`there is no step '${String(step satisfies never)}'`)
    }
  }

  async #snapshot(restic: boolean, chosen: number, kill: number | undefined): Promise<string> {
    this.#source.evolve()
    const content = readFolderContent(this.#source.path)
    const program = restic ? 'restic' : 'varve'
    const own = restic ? [] : ['--checkpoints', chosen % 3 === 0 ? 'never' : '1,2ms']
    const ending = await this.#attempt(
      {
        program,
        parameters: [restic ? 'backup' : 'snapshot', this.#source.path, '--host', this.name, '--json', ...own],
      },
      kill,
    )
    const id = /"snapshot_id":"([0-9a-f]+)"/.exec(ending.stdout)?.[1]
    if (id !== undefined) {
      this.#scene.model.save({ id, source: this.#source.path, content })
      this.#own.push(id)
    }
    const outcome = outcomeOf(program, ending)
    if (outcome === 'done' && id === undefined) throw new Error(`no snapshot was named: ${ending.stdout}`)
    return outcome
  }

  async #restore(restic: boolean, chosen: number, kill: number | undefined): Promise<string> {
    const { model, root } = this.#scene
    const snapshot = this.#pickOwn(chosen)
    if (snapshot === undefined) return 'nothing to restore'
    const target = join(root, `${this.name} restored`)
    // What a killed restore left is completed half of the time.
    if (chosen % 3 !== 0 || restic) rmSync(target, { recursive: true, force: true })
    mkdirSync(target, { recursive: true })
    const { id, source, content } = snapshot
    const parameters = restic
      ? ['restore', id, '--target', target]
      : ['restore', id, '--target', target, '--delete', '--verify']
    const outcome = await this.#run({ program: restic ? 'restic' : 'varve', parameters }, kill)
    if (outcome !== 'done') return outcome
    const restored = join(target, source)
    const differences = existsSync(restored)
      ? contentDifferences(content, readFolderContent(restored))
      : ['nothing was restored']
    if (differences.length > 0 && model.has(id))
      throw new Error(`snapshot ${id} was not restored as it was saved:\n${differences.slice(0, 20).join('\n')}`)
    return outcome
  }

  async #list(restic: boolean): Promise<string> {
    const wanted = this.#scene.model.snapshots
    const ending = await this.#attempt(
      { program: restic ? 'restic' : 'varve', parameters: [restic ? 'snapshots' : 'list', '--json'] },
      undefined,
    )
    const outcome = outcomeOf(restic ? 'restic' : 'varve', ending)
    if (outcome !== 'done') return outcome
    const ids = [...ending.stdout.matchAll(/"id":"([0-9a-f]{64})"/g)].map(([, id]) => id ?? '')
    const missing = wanted.filter(({ id }) => this.#scene.model.has(id) && !ids.some((found) => found.startsWith(id)))
    if (missing.length > 0) throw new Error(`snapshots are gone: ${missing.map(({ id }) => id).join(', ')}`)
    return outcome
  }

  /** Removes one of its own snapshots, or only what nothing needs. */
  async #prune(restic: boolean, chosen: number, kill: number | undefined): Promise<string> {
    const doomed = chosen % 4 === 0 || this.#own.length < 3 ? undefined : this.#own[chosen % this.#own.length]
    const removed = doomed !== undefined && this.#scene.model.has(doomed) ? [doomed] : []
    if (doomed !== undefined) this.#own.splice(this.#own.indexOf(doomed), 1)
    const [id] = removed
    if (id !== undefined) this.#scene.model.doom(id)
    const unused = chosen % 5 === 0 ? ['--max-unused', '0'] : []
    const invocation: Invocation = restic
      ? {
          program: 'restic',
          parameters: id === undefined ? ['prune', ...unused] : ['forget', id, '--prune', ...unused],
        }
      : { program: 'varve', parameters: ['prune', ...removed, ...unused, '--retry-lock', '10s'] }
    return this.#run(invocation, kill)
  }

  async #run(invocation: Invocation, kill: number | undefined): Promise<string> {
    return outcomeOf(invocation.program, await this.#attempt(invocation, kill))
  }

  async #attempt(invocation: Invocation, kill: number | undefined): Promise<Ending> {
    const kind = `${invocation.program} ${invocation.parameters[0]}`
    const usual = this.#durations.get(kind) ?? 1000
    const ending = await runClient(this.#scene.repository, invocation, kill === undefined ? undefined : kill * usual)
    if (ending.code === 0) this.#durations.set(kind, ending.milliseconds)
    return ending
  }

  #pickOwn(chosen: number): SavedSnapshot | undefined {
    const own = this.#scene.model.snapshots.filter(({ source }) => source === this.#source.path)
    return own[chosen % Math.max(1, own.length)]
  }
}

/** How a command ended, where that is nothing to complain about. */
function outcomeOf(program: Invocation['program'], { code, stdout, stderr }: Ending): string {
  if (code === 0) return 'done'
  if (code === undefined) return 'killed'
  if (program === 'varve' ? code === 11 : RESTIC_LOCKED.test(stderr)) return 'locked'
  throw new Error(`${program} ended with ${code}:\n${stderr}${stdout.slice(-3000)}`)
}
