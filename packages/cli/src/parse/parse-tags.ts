/** The tags of a new snapshot from what `--tag` was given: comma lists, any number of times. Empty ones and repetitions are dropped. */
export function parseTags(lists: readonly string[]): readonly string[] {
  return [...new Set(lists.flatMap(tagList).filter((tag) => tag !== ''))]
}

/** A filter by tags: a snapshot passes that has all tags of one of the lists; the empty list text means no tags at all. */
export function parseTagFilter(lists: readonly string[]): readonly (readonly string[])[] {
  return lists.map(tagList)
}

function tagList(text: string): readonly string[] {
  return text.split(',').map((tag) => tag.trim())
}
