import { workerData } from 'node:worker_threads'
import { serveJobs } from '@varve/platform/workers'
import { ScryptMixer } from './scrypt-lane.ts'

/** What a thread that mixes lanes is given as its `workerData`. */
export interface ScryptThreadData {
  readonly N: number
  readonly r: number
}

const { N, r } = workerData as ScryptThreadData
const mixer = new ScryptMixer(N, r)

/** A job is a lane, and so is its result. */
serveJobs<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>(() => (lane) => {
  mixer.mix(lane)
  return { result: lane, transfer: [lane.buffer] }
})
