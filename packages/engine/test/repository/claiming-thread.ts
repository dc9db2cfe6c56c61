import { parentPort, workerData } from 'node:worker_threads'
import { BlobClaims, type SharedBlobClaims } from '../../src/repository/blob-claims.ts'
import { ID_SIZE } from '../../src/repository/id.ts'

/** What the thread claims: all of `ids`, beginning where it is told. */
export interface ClaimingThreadData {
  readonly claims: SharedBlobClaims
  readonly ids: Uint8Array
  readonly start: number
  /** One word that is 1 when all shall begin. */
  readonly go: SharedArrayBuffer
}

const { claims: shared, ids, start, go } = workerData as ClaimingThreadData
const claims = BlobClaims.attach(shared)
const count = ids.length / ID_SIZE
const won: number[] = []
parentPort?.postMessage('ready', [])
Atomics.wait(new Int32Array(go), 0, 0)
for (let i = 0; i < count; i++) {
  const number = (start + i) % count
  if (claims.claim('data', ids.subarray(number * ID_SIZE, (number + 1) * ID_SIZE))) won.push(number)
}
parentPort?.postMessage(won, [])
