import { openStorage } from '../../src/storage/open-storage.ts'
import { contentOf, nameOf } from './numbered-objects.ts'

/**
 * A process of its own: `saving-process.ts LOCATION FIRST COUNT` saves packs and writes the number of each when it is saved.
 * It never closes the storage, and ends when there is nothing left to do.
 */
const [location, first, count] = process.argv.slice(2)
if (location === undefined) throw new Error('which storage?')
const storage = await openStorage(location)
for (let n = Number(first); n < Number(first) + Number(count); n++) {
  await storage.save('pack', nameOf(n), contentOf(n))
  process.stdout.write(`${n}\n`)
}
