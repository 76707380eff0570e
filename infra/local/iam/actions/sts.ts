import type { Row } from './row.ts';

/** AWS STS: anybody may ask who they are, whatever policies say (API reference: GetCallerIdentity). */
export const stsActions: Readonly<Record<string, Row>> = { GetCallerIdentity: () => [] };
