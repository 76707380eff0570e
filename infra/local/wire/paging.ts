/** Pages of a list, with a token that says where the next one begins. Pure. */

export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly nextToken?: string;
}

/**
 * @param limit items per page
 * @param token of the page before; undefined: the first page
 * @returns null where the token is none of ours, or its item is gone
 */
export function pageOf<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  limit: number,
  token: string | undefined,
): Page<T> | null {
  const first = token === undefined ? 0 : items.findIndex((item) => tokenOf(idOf(item)) === token);
  if (first === -1) return null;
  const next = items[first + limit];
  return {
    items: items.slice(first, first + limit),
    ...(next !== undefined && { nextToken: tokenOf(idOf(next)) }),
  };
}

function tokenOf(id: string): string {
  return Buffer.from(`from ${id}`).toString('base64url');
}
