/** A device's number in the two parts that tars keep apart. */
export interface DeviceParts {
  readonly deviceMajor: number
  readonly deviceMinor: number
}

/** The parts of a number as Linux has it in `st_rdev` (makedev(3)). */
export function splitDevice(device: bigint): DeviceParts {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xffff_f000n)
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffff_ff00n)
  return { deviceMajor: Number(major), deviceMinor: Number(minor) }
}

/** What {@link splitDevice} divided. */
export function joinDevice({ deviceMajor, deviceMinor }: DeviceParts): bigint {
  const [major, minor] = [BigInt(deviceMajor), BigInt(deviceMinor)]
  return ((major & 0xfffn) << 8n) | ((major & 0xffff_f000n) << 32n) | (minor & 0xffn) | ((minor & 0xffff_ff00n) << 12n)
}
