import type { BlobHandle } from '../repository/blob.ts'
import { UNAFFECTED, type Affected, type CheckHint, type CheckProblem } from './check-report.ts'

/** A problem whose consequences are not known yet. */
export interface Finding {
  /** Blobs that may be lost by it. */
  readonly blobs: readonly BlobHandle[]
  readonly report: (affected: Affected) => CheckProblem
}

/** What a check has found so far. */
export class CheckFindings {
  readonly findings: Finding[] = []
  readonly hints: CheckHint[] = []

  /** Adds a problem that concerns no content. */
  add(problem: CheckProblem): void {
    this.findings.push({ blobs: [], report: () => problem })
  }

  /** Adds a problem that may leave `blobs` lost. */
  addLoss(blobs: readonly BlobHandle[], report: (affected: Affected) => CheckProblem): void {
    this.findings.push({ blobs, report })
  }

  /** The problems, in the order in which they were found. @param affected - for each of them, where there is anything */
  problems(affected: readonly (Affected | undefined)[]): readonly CheckProblem[] {
    return this.findings.map((finding, i) => finding.report(affected[i] ?? UNAFFECTED))
  }
}
