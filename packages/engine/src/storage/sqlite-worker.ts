import { serveJobs } from '@varve/platform/workers'
import { releaseNow } from '../release-now.ts'
import { SqliteDatabase } from './sqlite-database.ts'
import type { SqliteAnswers, SqliteRequest } from './sqlite-requests.ts'

type Answer = SqliteAnswers[SqliteRequest['kind']]

serveJobs<SqliteRequest, Answer>(() => {
  let open: SqliteDatabase | undefined

  function database(): SqliteDatabase {
    if (open === undefined) throw new Error('the database has not been opened')
    return open
  }

  function answer(request: SqliteRequest): Answer {
    switch (request.kind) {
      case 'open':
        open = SqliteDatabase.open(request.path)
        break
      case 'create':
        open = SqliteDatabase.create(request.path)
        break
      case 'list':
        return database().list(request.type)
      case 'load':
        return database().load(request.type, request.name, request.range)
      case 'save':
        database().save(request.type, request.name, request.bytes)
        releaseNow(request.bytes)
        break
      case 'remove':
        database().remove(request.type, request.name)
        break
      case 'stat':
        return database().stat(request.type, request.name)
      case 'reclaim':
        return database().reclaimStep()
      case 'close':
        open?.close()
        open = undefined
        break
    }
    return undefined
  }

  return (request) => {
    const result = answer(request)
    return result instanceof Uint8Array ? { result, transfer: [result.buffer] } : { result }
  }
})
