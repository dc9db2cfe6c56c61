import { MemoryStorage } from '../../src/storage/memory.ts'
import { describeStorage } from './contract.ts'

describeStorage('memory', {
  create: async () => new MemoryStorage(),
  open: async (_folder, created) => {
    if (!(created instanceof MemoryStorage)) throw new Error('not what was created')
    return new MemoryStorage(created)
  },
})
