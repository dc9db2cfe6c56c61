import type { Storage } from '../../src/storage/storage.ts'
import type { DamagedWorld, NamedObject } from './damaged-world.ts'
import { damages, type Damage } from './damages.ts'
import { judge } from './verdict.ts'

/** How often something was tried, and what became of it. */
export interface SweepCounts {
  readonly tried: number
  readonly refused: number
  readonly found: number
  /** Of all, those that were noticed without reading data. */
  readonly withoutData: number
  /** Damages that were not noticed, or led to wrong content. */
  readonly failures: readonly string[]
}

/** What is tried. */
export interface SweepOptions {
  /** A bit is flipped in every so manieth byte of small objects, and in packs. */
  readonly stepOfSmall: number
  readonly stepOfPacks: number
  /** Of all that could be tried, one in so many is. */
  readonly oneIn: number
}

/**
 * Damages every object of a world in every way, one at a time, and judges what becomes of it.
 *
 * @param storage - has the world's objects; as it was when this is done
 * @returns counts by kind of object
 */
export async function sweep(
  world: DamagedWorld,
  storage: Storage,
  options: SweepOptions,
): Promise<ReadonlyMap<string, SweepCounts>> {
  const counts = new Map<string, SweepCounts>()
  let number = 0
  for (const object of world.objects) {
    const step = object.type === 'pack' ? options.stepOfPacks : options.stepOfSmall
    for (const { what, apply } of [...damages(object.bytes, step, object.joints), ...replacements(world, object)]) {
      const bytes = apply(object.bytes)
      if (number++ % options.oneIn !== 0 || isNoLock(object, bytes)) continue
      await replace(storage, object, bytes)
      const before = counts.get(object.type) ?? { tried: 0, refused: 0, found: 0, withoutData: 0, failures: [] }
      counts.set(object.type, { ...(await counted(before, world, storage, object, what)), tried: before.tried + 1 })
      await replace(storage, object, object.bytes)
    }
  }
  return counts
}

/** An empty lock is what some storages leave of an interrupted save: it is no lock, and nothing is lost by it. */
function isNoLock(object: NamedObject, bytes: Uint8Array): boolean {
  return object.type === 'lock' && bytes.length === 0
}

async function replace(storage: Storage, { type, name }: NamedObject, bytes: Uint8Array): Promise<void> {
  await storage.remove(type, name)
  await storage.save(type, name, bytes)
}

/** Every other object in its place, of its own kind and of others. */
function replacements(world: DamagedWorld, object: NamedObject): readonly Damage[] {
  const others = world.objects.filter((other) => other !== object)
  return others.map(({ type, name, bytes }) => ({
    what: `replaced by ${type} ${name.slice(0, 8)}`,
    apply: () => bytes,
  }))
}

async function counted(
  before: SweepCounts,
  world: DamagedWorld,
  storage: Storage,
  object: NamedObject,
  what: string,
): Promise<SweepCounts> {
  try {
    const { outcome, withoutData } = await judge(world, storage, object)
    return {
      ...before,
      [outcome]: before[outcome] + 1,
      withoutData: before.withoutData + (withoutData ? 1 : 0),
    }
  } catch (error) {
    const failure = `${object.type} ${object.name.slice(0, 8)} with ${what}: ${String(error)}`
    return { ...before, failures: [...before.failures, failure] }
  }
}
