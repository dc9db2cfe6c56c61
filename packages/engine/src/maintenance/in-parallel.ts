/**
 * Works through items, several at a time. After a failure no further item is begun, and the call rejects with it once those under way are done.
 *
 * @param limit - how many at a time
 */
export async function inParallel<Item>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const source = items[Symbol.iterator]()
  const failures: unknown[] = []
  const lane = async (): Promise<void> => {
    try {
      for (let next = source.next(); next.done !== true; next = source.next()) {
        await work(next.value)
        if (failures.length > 0) return
      }
    } catch (error) {
      failures.push(error)
    }
  }
  await Promise.all(Array.from({ length: limit }, lane))
  if (failures.length > 0) throw failures[0]
}
