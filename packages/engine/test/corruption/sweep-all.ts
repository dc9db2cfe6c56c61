/**
 * Damages every object of small repositories in every way, and prints what became of it:
 *
 *     node --conditions=varve-source packages/engine/test/corruption/sweep-all.ts [--step 1] [--pack-step 8]
 *
 * A bit is flipped in every byte of small objects, and in every 8th of packs, those around their joints besides.
 */
import { parseArgs } from 'node:util'
import { copyStorage } from '../fixtures/repository-fixture.ts'
import { makeDamagedWorld } from './damaged-world.ts'
import { sweep } from './sweep.ts'

const { values } = parseArgs({
  options: { step: { type: 'string', default: '1' }, 'pack-step': { type: 'string', default: '8' } },
})
const options = { stepOfSmall: Number(values.step), stepOfPacks: Number(values['pack-step']), oneIn: 1 }

let tried = 0
let unnoticed = 0
for (const version of [1, 2] as const) {
  const world = await makeDamagedWorld(version)
  for (const [type, counts] of await sweep(world, await copyStorage(world.storage), options)) {
    const { refused, found, withoutData, failures } = counts
    tried += counts.tried
    unnoticed += failures.length
    print(
      `version ${version}, ${type}: ${counts.tried} damages, ${refused} refused, ${found} found, ` +
        `${withoutData} of them without reading data, ${failures.length} unnoticed`,
    )
    for (const failure of failures.slice(0, 20)) print(`  ${failure}`)
  }
}
print(`${tried} damages in all, ${unnoticed} unnoticed`)
process.exitCode = unnoticed === 0 ? 0 : 1

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
