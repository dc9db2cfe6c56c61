import type { ChunkerParameters } from '../chunking/chunker.ts'
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

/** The plain value of a repository for its threads. It holds the key: keep it out of messages and logs. */
export function workerRepository(repository: OpenRepository): WorkerRepository {
  return {
    version: repository.config.version,
    key: repository.key,
    compression: repository.compression,
    chunker: { kind: 'rabin', polynomial: repository.config.chunkerPolynomial },
  }
}
