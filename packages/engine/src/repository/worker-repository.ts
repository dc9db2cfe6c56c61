import type { ChunkerParameters } from '../chunking/chunker.ts'
import { VarveError } from '@varve/platform/errors'
import type { Compression } from './compression.ts'
import type { MasterKey } from './master-key.ts'
import type { OpenRepository, RepositoryConfig } from './repository.ts'

/** What a thread needs of a repository to make or open packs: a plain value that `postMessage` carries. */
export interface WorkerRepository {
  readonly version: RepositoryConfig['version']
  readonly key: MasterKey
  readonly compression: Compression
  readonly chunker: ChunkerParameters
}

/**
 * The plain value of a repository for threads that save to it. It holds the key: keep it out of messages and logs.
 * @throws ERR_VARVE_REPOSITORY_VERSION where the repository wants its files cut in a way that we do not know
 */
export function workerRepository(repository: OpenRepository): WorkerRepository {
  const { version, chunker } = repository.config
  if (chunker === undefined) {
    throw new VarveError(
      'ERR_VARVE_REPOSITORY_VERSION',
      `the repository at ${repository.storage.location} is set up to cut files in a way that is not supported`,
      { hint: 'it can be read, but only the program that set it up can add to it' },
    )
  }
  return { version, key: repository.key, compression: repository.compression, chunker }
}
