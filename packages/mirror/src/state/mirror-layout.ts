/** Where everything lies below the folder that holds a mirror and its increments. */
export class MirrorLayout {
  /** The folder, absolute. */
  readonly destination: string

  constructor(destination: string) {
    this.destination = destination
  }

  /** The copy of the source. Nothing in it is ours. */
  get mirror(): string {
    return `${this.destination}/mirror`
  }

  /** What is ours beside the increments. All of it but `found` can be made again. */
  get own(): string {
    return `${this.destination}/.varve-mirror`
  }

  /** Held by whoever changes anything here. */
  get lock(): string {
    return `${this.own}/lock`
  }

  /** What is not finished. Whoever holds the lock may remove it. */
  get work(): string {
    return `${this.own}/work`
  }

  /** What the mirror holds. */
  get state(): string {
    return `${this.own}/state`
  }

  /** What the mirror will hold once the increment that it names is brought to its end. */
  get pending(): string {
    return `${this.own}/pending`
  }

  /** What others had put or changed in the mirror, and what had to make room. Never removed by us. */
  get found(): string {
    return `${this.own}/found`
  }

  /** An increment. */
  increment(name: string): string {
    return `${this.destination}/${name}`
  }

  /** An increment that is being made. */
  unfinished(name: string): string {
    return `${this.work}/${name}`
  }

  /** Where a new file lies before it takes its place in the mirror, unless an increment has it. */
  staged(path: string): string {
    return path === '' ? `${this.work}/mirror` : `${this.work}/mirror/${path}`
  }

  /** Where an entry of the mirror lies. */
  inMirror(path: string): string {
    return path === '' ? this.mirror : `${this.mirror}/${path}`
  }
}
