/**
 * How fast signatures, deltas and patches are, beside `rdiff`, on the same files in the same run: `node --conditions=varve-source bench/delta.ts [MiB] [runs] [folder]`.
 * One file of noise of which 1 % was changed in small places all over it: overwritten, inserted, deleted, in turn. Prints a table. Needs GNU time and rdiff.
 */
import { createHash } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chooseBlockSize } from '../packages/delta/src/index.ts'
import { MEBIBYTE, Noise } from './corpora/noise.ts'
import { requireMeasuring, run, type Measurement } from './measured-run.ts'
import { medianRun } from './median.ts'

/** Bytes between two changes, on average; a change has a hundredth of that. */
const DISTANCE = MEBIBYTE
const GREATEST_CHANGE = Math.floor(DISTANCE / 50)

const STEP = fileURLToPath(new URL('delta-step.ts', import.meta.url))

const [mebibytes = 1024, runs = 3] = process.argv.slice(2, 4).map(Number)
const folder = mkdtempSync(join(process.argv[4] ?? tmpdir(), 'varve-delta-bench-'))
const path = (name: string): string => join(folder, name)

/** Writes the old file, and the new one beside it. */
function makeFiles(): void {
  const old = openSync(path('old'), 'w')
  const changed = openSync(path('new'), 'w')
  const content = new Noise(1)
  const changes = new Noise(2)
  for (let part = 0; part < mebibytes; part++) {
    const bytes = content.next()
    const inserted = changes.next()
    const at = inserted.readUInt32LE(0) % (DISTANCE - GREATEST_CHANGE)
    const length = 1 + (inserted.readUInt32LE(4) % GREATEST_CHANGE)
    writeSync(old, bytes)
    writeSync(changed, bytes.subarray(0, at))
    if (part % 3 !== 2) writeSync(changed, inserted.subarray(8, 8 + length))
    writeSync(changed, bytes.subarray(part % 3 === 1 ? at : at + length))
  }
  closeSync(old)
  closeSync(changed)
}

type Words = readonly [string, ...string[]]

function own(...words: readonly string[]): Words {
  return [process.execPath, '--conditions=varve-source', STEP, ...words]
}

function digestOf(name: string): string {
  return createHash('sha256')
    .update(readFileSync(path(name)))
    .digest('hex')
}

interface Contestant {
  readonly name: string
  /** What it makes, each by a command, in this order. */
  readonly steps: readonly { readonly makes: string; readonly argv: Words }[]
}

function contestants(): readonly Contestant[] {
  const blockSize = String(chooseBlockSize(mebibytes * MEBIBYTE))
  const digest = digestOf('old')
  const files = (name: string): readonly [string, string, string] => [
    path(`${name}-signature`),
    path(`${name}-delta`),
    path(`${name}-result`),
  ]
  const [signature, delta, result] = files('varve')
  const [libSignature, libDelta, libResult] = files('librsync')
  const [rdiffSignature, rdiffDelta, rdiffResult] = files('rdiff')
  return [
    {
      name: 'rdiff',
      steps: [
        { makes: 'signature', argv: ['rdiff', '--force', '-b', blockSize, 'signature', path('old'), rdiffSignature] },
        { makes: 'delta', argv: ['rdiff', '--force', 'delta', rdiffSignature, path('new'), rdiffDelta] },
        { makes: 'result', argv: ['rdiff', '--force', 'patch', path('old'), rdiffDelta, rdiffResult] },
      ],
    },
    {
      name: 'varve',
      steps: [
        { makes: 'signature', argv: own('signature', path('old'), signature, blockSize) },
        { makes: 'delta', argv: own('delta', signature, path('new'), delta) },
        { makes: 'result', argv: own('patch', path('old'), delta, result) },
        { makes: 'result of a known base', argv: own('patch-known-base', path('old'), delta, result, digest) },
      ],
    },
    {
      name: 'librsync',
      steps: [
        { makes: 'signature', argv: own('librsync-signature', path('old'), libSignature, blockSize) },
        { makes: 'delta', argv: own('librsync-delta', libSignature, path('new'), libDelta) },
        { makes: 'result', argv: own('librsync-patch', path('old'), libDelta, libResult) },
      ],
    },
  ]
}

function row(contestant: string, makes: string, measured: readonly Measurement[]): string {
  const { wall, cpu, memory } = medianRun(measured)
  const file = path(`${contestant}-${makes.split(' ')[0] ?? ''}`)
  const cells = [
    contestant.padEnd(9),
    makes.padEnd(22),
    `${wall.toFixed(2)} s`.padStart(9),
    `${cpu.toFixed(2)} s`.padStart(9),
    `${(memory / MEBIBYTE).toFixed(0)} MiB`.padStart(9),
    String(statSync(file).size).padStart(12),
  ]
  return `| ${cells.join(' | ')} |\n`
}

requireMeasuring()
try {
  makeFiles()
  const measured = new Map<string, Measurement[]>()
  for (let round = 0; round < runs; round++) {
    for (const { name, steps } of contestants()) {
      for (const { makes, argv } of steps) {
        const key = `${name}\0${makes}`
        measured.set(key, [...(measured.get(key) ?? []), run({ argv })])
      }
      if (digestOf(`${name}-result`) !== digestOf('new')) throw new Error(`what ${name} made is not the new file`)
    }
  }
  process.stdout.write('| who | makes | time | processor | memory | bytes |\n| --- | --- | --: | --: | --: | --: |\n')
  for (const [key, figures] of measured) {
    const [name = '', makes = ''] = key.split('\0')
    process.stdout.write(row(name, makes, figures))
  }
} finally {
  rmSync(folder, { recursive: true })
}
