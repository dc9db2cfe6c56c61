/** Restores the only snapshot of a repository in a process of its own: `restoring-process.ts REPOSITORY PASSWORD TARGET`. */
import { openRepository } from '../../src/repository/open-repository.ts'
import { restore } from '../../src/restore/restore.ts'

const [location = '', password = '', target = ''] = process.argv.slice(2)
const repository = await openRepository({ storage: location, password })
const [snapshot] = await repository.snapshots()
if (snapshot === undefined) throw new Error('there is no snapshot')
await restore(repository, { snapshot: snapshot.id, target, layout: 'full-paths', workers: 2, noLock: true })
await repository.close()
