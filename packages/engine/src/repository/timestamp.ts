declare const timestampBrand: unique symbol

/** A moment as restic writes it: RFC 3339 with up to nine decimals, trailing zeros trimmed, `Z` for offset 0. */
export type Timestamp = string & { readonly [timestampBrand]: 'Timestamp' }
