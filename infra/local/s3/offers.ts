/** Objects that a bucket has before anybody has made them: listed and described at once, made when they are first read. */

export interface Offer {
  /** Asked anew each time; nothing may be made for it. */
  keys(): readonly string[];
  /**
   * Puts the object of one of these keys into its bucket. May be called again before it has ended.
   * @throws AwsError, which becomes the answer
   */
  produce(key: string): Promise<void>;
}

export interface Offers {
  add(bucket: string, offer: Offer): void;
  /** All that are made to this bucket. */
  remove(bucket: string): void;
  /** Of those keys, in no order; stored objects may be among them. */
  keys(bucket: string): readonly string[];
  /** Who makes this object; null where nobody does. */
  of(bucket: string, key: string): Offer | null;
}

export function createOffers(): Offers {
  const made = new Map<string, Offer[]>();
  const to = (bucket: string) => made.get(bucket) ?? [];
  return {
    add: (bucket, offer) => void made.set(bucket, [...to(bucket), offer]),
    remove: (bucket) => void made.delete(bucket),
    keys: (bucket) => to(bucket).flatMap((offer) => offer.keys()),
    of: (bucket, key) => to(bucket).find((offer) => offer.keys().includes(key)) ?? null,
  };
}
