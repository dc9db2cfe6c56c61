import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { type DiskModel, newFile, newFolder, type DiskNode } from './disk-model.ts'
import { parseTrace, type SystemCall } from './trace-parsing.ts'

/** All calls that change a file system or make something durable, and those that tell what a descriptor stands for. */
// prettier-ignore
const CALLS = [
  'open', 'openat', 'creat', 'close', 'dup', 'dup2', 'dup3', 'write', 'pwrite64', 'writev', 'pwritev', 'pwritev2',
  'fsync', 'fdatasync', 'sync_file_range', 'rename', 'renameat', 'renameat2', 'link', 'linkat', 'symlink', 'symlinkat',
  'unlink', 'unlinkat', 'mkdir', 'mkdirat', 'rmdir', 'truncate', 'ftruncate', 'fallocate', 'copy_file_range',
]

/** Longest string that strace writes down, in bytes: more than any write of a small repository. */
const LONGEST_STRING = 1 << 24

/** Whether strace is missing or may not trace, which was said then. */
export const noStrace = findStrace()

function findStrace(): boolean {
  const { status } = spawnSync('strace', ['-qq', '-e', 'trace=none', 'true'], { stdio: 'ignore' })
  if (status === 0) return false
  process.stderr.write('skipped: strace does not run\n')
  return true
}

/** Runs a program to its end and returns its trace. Throws where it fails. */
export function trace(program: readonly string[], environment: NodeJS.ProcessEnv, output: string): string {
  const options = ['-f', '-qq', '-xx', '-s', String(LONGEST_STRING), '-o', output, '-e', `trace=${CALLS.join(',')}`]
  execFileSync('strace', [...options, ...program], { env: { ...environment, UV_USE_IO_URING: '0' }, stdio: 'pipe' })
  const text = readFileSync(output, 'utf8')
  rmSync(output)
  return text
}

/** An open file or folder, and where the next write goes. */
interface Descriptor {
  readonly node: DiskNode
  position: number
}

/** Does to a model of a disk what a traced program did, step by step. */
export class TracedCommand {
  readonly model: DiskModel
  /** What it wrote to standard output so far. */
  output = ''
  readonly #folder: string
  readonly #descriptors = new Map<number, Descriptor>()
  /** Changes that there were when a thread began to flush. */
  readonly #flushing = new Map<number, number>()

  /** @param folder - that the program ran in */
  constructor(model: DiskModel, folder: string) {
    this.model = model
    this.#folder = folder
  }

  /** Yields after each step that changed something, made something durable, or was written to standard output. */
  *replay(text: string): Generator<string, void, undefined> {
    for (const { kind, call: traced } of parseTrace(text)) {
      const call = withoutFolder(traced)
      if (kind === 'begin') this.#begin(call)
      else if ((call.result ?? -1) >= 0 && this.#end(call)) yield call.name
    }
  }

  #begin({ name, parameters, thread }: SystemCall): void {
    // As soon as closing has begun, the number may be another file's.
    if (name === 'close') this.#descriptors.delete(Number(parameters[0]))
    if (name === 'fsync' || name === 'fdatasync') this.#flushing.set(thread, this.model.changes)
  }

  /** @returns whether that was a step */
  #end(call: SystemCall): boolean {
    const { name, parameters, result = 0, thread } = call
    const before = this.model.changes
    const node = this.#descriptors.get(Number(parameters[0]))?.node
    switch (name) {
      case 'open':
      case 'creat':
        this.#open(name, parameters, result)
        break
      case 'write':
      case 'writev':
      case 'pwrite64':
        if (Number(parameters[0]) === 1) {
          this.output += bytesOf(parameters, result).toString()
          return true
        }
        this.#write(name, parameters, result)
        break
      case 'fsync':
      case 'fdatasync':
        if (node === undefined || node.kind === 'link') return false
        this.model.flush(node, this.#flushing.get(thread) ?? before)
        return true
      case 'ftruncate':
        if (node?.kind === 'file') this.model.resize(node, Number(parameters[1]))
        break
      case 'truncate':
        this.#resizeAt(this.#path(parameters[0]), Number(parameters[1]))
        break
      case 'rename':
        this.model.rename(this.#path(parameters[0]), this.#path(parameters[1]))
        break
      case 'link':
        this.#link(this.#path(parameters[0]), this.#path(parameters[1]))
        break
      case 'symlink':
        this.model.add(this.#path(parameters[1]), { kind: 'link', target: String(parameters[0]) })
        break
      case 'unlink':
      case 'rmdir':
        this.model.remove(this.#path(parameters[0]))
        break
      case 'mkdir':
        this.model.add(this.#path(parameters[0]), newFolder())
        break
      case 'close':
        break
      default:
        this.#refuseHere(call, node)
    }
    return this.model.changes > before
  }

  #open(name: string, parameters: SystemCall['parameters'], result: number): void {
    const [place, flags] = parameters
    const path = this.#path(place)
    const wanted = name === 'creat' ? 'O_CREAT|O_TRUNC' : String(flags)
    const known = this.model.find(path)
    if (known?.kind === 'file' && wanted.includes('O_TRUNC')) this.model.resize(known, 0)
    const node = known ?? (wanted.includes('O_CREAT') ? this.model.add(path, newFile()) : undefined)
    // Numbers of what lies elsewhere must not stand for what they stood for before.
    if (node === undefined) this.#descriptors.delete(result)
    else this.#descriptors.set(result, { node, position: 0 })
  }

  #write(name: string, parameters: SystemCall['parameters'], written: number): void {
    const descriptor = this.#descriptors.get(Number(parameters[0]))
    if (descriptor?.node.kind !== 'file') return
    const offset = name === 'pwrite64' ? Number(parameters[3]) : descriptor.position
    this.model.write(descriptor.node, offset, bytesOf(parameters, written))
    if (name !== 'pwrite64') descriptor.position += written
  }

  #resizeAt(path: string, size: number): void {
    const file = this.model.find(path)
    if (file?.kind === 'file') this.model.resize(file, size)
  }

  #link(from: string, to: string): void {
    const node = this.model.find(from)
    if (node !== undefined) this.model.add(to, node)
  }

  /** A call that is not modelled must not concern the folder. */
  #refuseHere({ name, parameters }: SystemCall, node: DiskNode | undefined): void {
    const paths = parameters.filter((parameter) => Buffer.isBuffer(parameter)).map((path) => this.#path(path))
    if (node !== undefined || paths.some((path) => this.model.find(path) !== undefined)) {
      throw new Error(`'${name}' is not modelled`)
    }
  }

  #path(parameter: string | Buffer | undefined): string {
    return resolve(this.#folder, String(parameter))
  }
}

/** Calls that take a folder for relative paths are like those that do not, as long as it is the working folder. */
function withoutFolder(call: SystemCall): SystemCall {
  const parameters = call.parameters.filter((parameter) => parameter !== 'AT_FDCWD')
  if (parameters.length === call.parameters.length) return call
  return { ...call, name: call.name.replace(/at2?$/, ''), parameters }
}

function bytesOf(parameters: SystemCall['parameters'], length: number): Buffer {
  return Buffer.concat(parameters.filter((parameter) => Buffer.isBuffer(parameter))).subarray(0, length)
}
