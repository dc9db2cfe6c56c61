/**
 * Takes a snapshot with checkpoints in a process of its own: `resumed-process.ts REPOSITORY PASSWORD FOLDER`. Writes a line of JSON for each file that has been dealt
 * with, and a last one with what it did.
 */
import { readFileSync, statSync, writeSync } from 'node:fs'
import { openRepository } from '../../src/repository/open-repository.ts'
import { snapshot } from '../../src/snapshot/snapshot.ts'

const [location = '', password = '', folder = ''] = process.argv.slice(2)
// Compression that takes long makes a snapshot of little take long enough for many checkpoints.
const repository = await openRepository({ storage: location, password, compression: 'max' })
let bytesRead = 0
let bytesDone = 0
const say = (value: object): void => void writeSync(1, `${JSON.stringify(value)}\n`)
const { snapshot: made, resumed } = await snapshot(repository, {
  paths: [folder],
  workers: 2,
  // No checkpoint is stored before the lock has settled, and by then little would be left to do: who would wait for others lets it settle first.
  retryLock: 1,
  checkpoints: { bytes: 1024 ** 2, milliseconds: 100, share: 1 },
  onItem: ({ path, type, action }) => {
    if (type !== 'file') return
    const { size } = statSync(path)
    bytesDone += size
    if (action !== 'unmodified') bytesRead += size
    say({ bytesDone })
  },
})
await repository.close()
const [, characters] = /^rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8')) ?? []
say({ id: made?.id, resumed, bytesRead, processRead: Number(characters) })
