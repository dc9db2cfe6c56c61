/**
 * A mirror that stays a normal folder, with independent hard-linked increments, and the means to explore them.
 *
 * @packageDocumentation
 */
export { CONFIG_NAMES, type ConfigPlace, loadConfig, type Profile } from './config/config-file.ts'
export { type NewConfig, newConfigText, USUAL_PLACES } from './config/default-config.ts'
export type { MirrorConfig } from './config/mirror-config.ts'
export { configFormat, type ConfigFormat } from './config/parse-config.ts'
export { refuseLoops } from './config/refuse-loops.ts'
export type { CatalogueEntry, Increment, TrackedState } from './increment/increment.ts'
export { type Choice, type FolderChoice, Selection } from './selection/selection.ts'
export { NO_RULES, type SelectionRules } from './selection/selection-rules.ts'
