/**
 * A mirror that stays a normal folder, with independent hard-linked increments, and the means to explore them.
 *
 * What turns mirrors into snapshots of a repository and back is in `@varve/mirror/repository`, since it needs the engine, which takes its time to load.
 *
 * @packageDocumentation
 */
export { CONFIG_NAMES, type ConfigPlace, loadConfig, type Profile } from './config/config-file.ts'
export { type NewConfig, newConfigText, USUAL_PLACES } from './config/default-config.ts'
export type { MirrorConfig } from './config/mirror-config.ts'
export { refuseLoops } from './config/refuse-loops.ts'
export { absentEntries } from './selection/absent-entries.ts'
export { type Choice, type FolderChoice, Selection } from './selection/selection.ts'
export { NO_RULES, type SelectionRules } from './selection/selection-rules.ts'

export { runMirror } from './run/run-mirror.ts'
export type { MirrorChange, RunOptions, RunResult } from './run/run-options.ts'

export type { CatalogueEntry, Increment, TrackedState } from './increment/increment.ts'
export { type IncrementList, listIncrements } from './increment/list-increments.ts'
export { catalogueOf, type CataloguedEntry, type LoadedIncrement } from './increment/loaded-increment.ts'
export { loadIncrement } from './increment/load-increment.ts'
export type { CompleteIncrement, LostFile } from './history/complete-increment.ts'
export { readMirrorTree } from './state/mirror-tree.ts'
export { findIncrement, type History, loadHistory, type MirrorTree } from './history/history.ts'
export { executeMirrorRestore, type MirrorRestoreOptions, type MirrorRestoreResult } from './history/restore.ts'
export { type MirrorRestorePlan, planMirrorRestore, type RestoreSelection } from './history/restore-plan.ts'
export {
  type IncrementHits,
  type IncrementOverview,
  type IncrementSummary,
  searchIncrements,
  type SearchResult,
  summarizeIncrements,
} from './search/search.ts'
export type { SearchQuery } from './search/search-query.ts'
export { looksLikeMoment, parseMoment } from './search/time-filter.ts'

export { incrementNames } from './increment/list-increments.ts'
export { timeOfName } from './increment/increment-name.ts'
export { type Finding, type Validation, validateIncrement, type ValidationOptions } from './history/validate.ts'
export { type RecreateOptions, type Recreation, recreateMetadata } from './history/recreate.ts'
export {
  type DeletedFile,
  deleteFiles,
  deleteIncrement,
  type DeleteOptions,
  type Deletion,
} from './history/delete-increment.ts'
export { copyScript } from './search/copy-script.ts'
