import { DatabaseSync } from 'node:sqlite'

/**
 * A process of its own: `dying-process.ts DATABASE STATEMENTS` runs statements in a transaction, with so little memory that
 * SQLite has to write some of it to the file, and is killed before it commits.
 */
const [path, statements] = process.argv.slice(2)
if (path === undefined || statements === undefined) throw new Error('which database, what statements?')
const connection = new DatabaseSync(path)
connection.exec('PRAGMA cache_size = 1; BEGIN IMMEDIATE')
connection.exec(statements)
process.kill(process.pid, 'SIGKILL')
