/**
 * Does work for many items, a few at a time, and yields the results in the items' order, whichever is ready first.
 *
 * @param limit - how many are under way at once; as many results wait at most
 * @throws what the work for the first item that failed threw, in the items' order, when all that had begun has ended
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const underWay: Promise<Result>[] = []
  try {
    for (const item of items) {
      const result = work(item)
      // It may fail long before its turn comes.
      result.catch(() => undefined)
      underWay.push(result)
      const first = underWay.length === limit ? underWay.shift() : undefined
      if (first !== undefined) yield await first
    }
    for (let first = underWay.shift(); first !== undefined; first = underWay.shift()) yield await first
  } finally {
    await Promise.allSettled(underWay)
  }
}
