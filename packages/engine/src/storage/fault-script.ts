import type { ErrorCode } from '@varve/platform/errors'
import type { FileType, StoredFile } from './storage.ts'

/** What storage is asked to do. */
export type StorageOperation = 'list' | 'load' | 'save' | 'remove' | 'stat' | 'reclaim'

/** An operation as it was asked for. */
export interface PerformedOperation {
  readonly operation: StorageOperation
  /** Left out for `reclaim`. */
  readonly type?: FileType
  /** Left out for `reclaim` and `list`. */
  readonly name?: string
}

/** Changes what is stored or loaded without anybody being told. */
export type DamageAction =
  /** Only the first `length` bytes. */
  | { readonly kind: 'truncate'; readonly length: number }
  /** One bit is the other way; bits are counted from the lowest of the first byte, and from the start again after the last. */
  | { readonly kind: 'corrupt'; readonly bit: number }

/** Makes a list leave out names without anybody being told. */
export type OmissionAction =
  /** The object at a place in the order of names, counted from 0 and from the start again after the last. */
  | { readonly kind: 'omit'; readonly position: number }
  /** Whatever was saved through this storage: news of it is still on the way. */
  | { readonly kind: 'omit-new' }

/** The operation is not done, and reported as done. */
export interface PretenceAction {
  readonly kind: 'pretend'
}

/** What happens to an operation. */
export type FaultAction =
  /** It is not done, and fails. With ERR_VARVE_STORAGE unless `code` says otherwise. */
  | { readonly kind: 'fail'; readonly code?: ErrorCode }
  /** It is done, and fails all the same: the answer got lost. */
  | { readonly kind: 'fail-after'; readonly code?: ErrorCode }
  /** It waits first. Other faults that are due at the same operation come after it. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /**
   * The process dies: before the operation, after it, or in the middle of it. In the middle, a save stores the first half of the bytes,
   * which storage that keeps its promises never does; any other operation is not done.
   */
  | { readonly kind: 'crash'; readonly when: 'before' | 'after' | 'torn' }
  | DamageAction
  | OmissionAction
  | PretenceAction

/**
 * Something that goes wrong once: at the `at`-th operation, counted from 1, among those with this `operation` and `type`; where one
 * is left out, any will do. Of several faults that are due at one operation the first in the script acts, after all delays.
 */
export type Fault = FaultPlace &
  (
    | {
        readonly operation?: StorageOperation
        readonly action: Exclude<FaultAction, DamageAction | OmissionAction | PretenceAction>
      }
    | { readonly operation: 'save' | 'load'; readonly action: DamageAction }
    | { readonly operation: 'list'; readonly action: OmissionAction }
    | { readonly operation: 'save' | 'remove'; readonly action: PretenceAction }
  )

interface FaultPlace {
  readonly type?: FileType
  readonly at: number
}

/** Whether an operation is among those that a fault counts. */
export function matchesFault(fault: Fault, performed: PerformedOperation): boolean {
  return (
    (fault.operation === undefined || fault.operation === performed.operation) &&
    (fault.type === undefined || fault.type === performed.type)
  )
}

/** A damaged copy of `bytes`. */
export function damageBytes(bytes: Uint8Array, damage: DamageAction): Uint8Array<ArrayBuffer> {
  if (damage.kind === 'truncate') return new Uint8Array(bytes.subarray(0, damage.length))
  const copy = new Uint8Array(bytes)
  const index = Math.floor(damage.bit / 8) % Math.max(1, copy.length)
  const byte = copy[index]
  if (byte !== undefined) copy[index] = byte ^ (1 << (damage.bit % 8))
  return copy
}

/**
 * A list without the names that an action leaves out.
 *
 * @param saved - names that were saved through the storage
 */
export function omitNames(
  files: readonly StoredFile[],
  action: OmissionAction,
  saved: ReadonlySet<string>,
): readonly StoredFile[] {
  if (action.kind === 'omit-new') return files.filter(({ name }) => !saved.has(name))
  const inOrder = files.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const omitted = inOrder[action.position % Math.max(1, inOrder.length)]
  return files.filter((file) => file !== omitted)
}
