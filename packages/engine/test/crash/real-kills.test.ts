import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { FIXTURE_PASSWORD } from '../fixtures/repository-fixture.ts'
import { noRestic, Restic } from '../oracle/restic.ts'
import { crashScratch } from './crash-scratch.ts'
import { LONG, SEED, TIMEOUT } from './crash-switches.ts'
import { randomFrom } from './disk-states.ts'
import { folderState } from './folder-state.ts'
import { NothingLost } from './nothing-lost.ts'
import { IN_DIRECTORY, IN_SQLITE, World } from './world.ts'
import { WRITING_COMMANDS, type WritingCommand } from './writing-commands.ts'

const VARVE = fileURLToPath(new URL('../../../cli/bin/varve.js', import.meta.url))

/** Of each command on each storage. */
const ROUNDS = Number(process.env['VARVE_CRASH_KILLS'] ?? (LONG ? 100 : 2))

/** In a short run, the two whose work is longest; making a repository takes a key that is slow to open. */
const COMMANDS = WRITING_COMMANDS.filter(
  ({ title, parameters }) => parameters !== undefined && (LONG || /incremental|over|prune/.test(title)),
)

const figures = { kills: 0, early: 0, survived: 0, byRestic: 0 }
afterAll(() => {
  const { kills, early, survived, byRestic } = figures
  process.stderr.write(
    `${kills} kills at random moments, ${early} of them before the end: ${survived} times nothing was lost, ${byRestic} times by restic's word as well (seed ${SEED})\n`,
  )
})

describe.each([IN_DIRECTORY, IN_SQLITE])('the command is killed at random moments, with $name storage', (kind) => {
  test.each(COMMANDS)(
    'in $title',
    async (command) => {
      const scratch = crashScratch()
      const world = new World(join(scratch, 'world'), kind, join(scratch, 'source'))
      for (const folder of [world.root, world.source]) mkdirSync(folder)
      await command.prepare(world)
      const random = randomFrom(SEED)
      const nothingLost = new NothingLost(scratch)
      const whole = await runAndKill(await world.copyTo(join(scratch, 'whole')), command, undefined)
      expect(whole.reported).toBe(true)
      for (let round = 0; round < ROUNDS; round++) {
        const copy = await world.copyTo(join(scratch, `round ${round}`))
        const killAfter = random() * whole.milliseconds
        await expectSurvival(copy, command, killAfter, nothingLost).catch((error: unknown) => {
          throw new Error(`after a kill ${killAfter.toFixed(1)} ms after the start`, { cause: error })
        })
        figures.survived++
        rmSync(copy.root, { recursive: true })
      }
    },
    TIMEOUT,
  )
})

async function expectSurvival(
  world: World,
  command: WritingCommand,
  killAfter: number,
  nothingLost: NothingLost,
): Promise<void> {
  const { reported, killed } = await runAndKill(world, command, killAfter)
  figures.kills++
  if (killed) figures.early++
  await nothingLost.expectAll(world, command)
  if (reported) await nothingLost.expectFinished(world, command)
  await nothingLost.expectAgain(world, command, false)
  if (world.kind === IN_DIRECTORY && !noRestic) await expectSoundForRestic(world)
}

interface KilledRun {
  readonly milliseconds: number
  readonly killed: boolean
  /** Whether it had said that it is done. */
  readonly reported: boolean
}

/** Runs the command and kills it after so many milliseconds. It is to be killed anywhere in its work, so that this is one time that really passes. */
async function runAndKill(world: World, command: WritingCommand, killAfter: number | undefined): Promise<KilledRun> {
  const parameters = ['--repo', join(world.root, world.kind.place), '--json', ...(command.parameters?.(world) ?? [])]
  const begin = performance.now()
  const child = spawn(process.execPath, [VARVE, ...parameters], {
    env: { ...process.env, VARVE_PASSWORD: FIXTURE_PASSWORD },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  if (killAfter !== undefined) {
    await Promise.race([wait(killAfter), ended])
    child.kill('SIGKILL')
  }
  await ended
  const killed = child.signalCode === 'SIGKILL'
  assert.ok(killed || child.exitCode === 0, errors)
  return {
    milliseconds: performance.now() - begin,
    killed,
    reported: output.includes('"message_type":"summary"'),
  }
}

/** Real restic finds nothing wrong, and what it restores is what was saved. */
async function expectSoundForRestic(world: World): Promise<void> {
  const repository = join(world.root, world.kind.place)
  const restic = new Restic({ repository, password: FIXTURE_PASSWORD })
  // Unlike Varve, restic has its user remove locks of processes that are gone; one that hinders nobody stays until then.
  await restic.run('unlock')
  await restic.run('check', '--read-data')
  const [id, known] = [...world.known].at(-1) ?? []
  if (id === undefined || known === undefined || world.leaving.has(id)) return
  const target = mkdtempSync(join(world.root, 'by-restic-'))
  await restic.run('restore', id, '--target', target)
  expect(withoutLinkTimes(folderState(join(target, world.source)))).toEqual(withoutLinkTimes(known.state))
  figures.byRestic++
}

/** Some versions of restic do not set the times of symbolic links. */
function withoutLinkTimes(state: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(state).map(([path, text]) => [path, text.replace(/^link \d+/, 'link')]))
}
