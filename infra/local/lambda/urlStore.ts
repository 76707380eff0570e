/** The URLs of functions, one document each. */
import { randomBytes } from 'node:crypto';
import { documents } from '../wire/documents.ts';
import type { HomeContext } from '../wire/service.ts';

export interface FunctionUrl {
  readonly id: string;
  readonly functionArn: string;
  /** ISO 8601; absent where it was made before that was kept. */
  readonly createdAt?: string;
}

export interface UrlStore {
  get(id: string): FunctionUrl | null;
  /** Null where the function has none. */
  of(functionArn: string): FunctionUrl | null;
  /** The one that is there, or a new one. */
  put(functionArn: string): FunctionUrl;
  delete(functionArn: string): void;
  /** `http://ENDPOINT/lambda-url/ID/` */
  urlOf(url: FunctionUrl): string;
}

export const urlPrefix = '/lambda-url/';

export function createUrlStore({ database, endpoint }: Pick<HomeContext, 'database' | 'endpoint'>): UrlStore {
  const urls = documents<FunctionUrl>(database, 'lambda_urls');
  const of = (functionArn: string) => urls.all().find((url) => url.functionArn === functionArn) ?? null;
  return {
    get: urls.get,
    of,
    put(functionArn) {
      const known = of(functionArn);
      if (known !== null) return known;
      const url = { id: randomBytes(16).toString('hex'), functionArn, createdAt: new Date().toISOString() };
      urls.put(url.id, url);
      return url;
    },
    delete: (functionArn) => urls.delete(of(functionArn)?.id ?? ''),
    urlOf: ({ id }) => `${endpoint}${urlPrefix}${id}/`,
  };
}
