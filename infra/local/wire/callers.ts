/** The access keys of this home: who may call it, and as whom. They open nothing else. */
import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { AwsError, type Caller } from './service.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of a role session; a user has none. */
  readonly sessionToken?: string;
}

export interface Callers {
  /** The credentials of a principal: the same ones each time, also after a restart. */
  credentialsOf(arn: string): Credentials;
  /** @throws AwsError `UnrecognizedClientException` for a key that this home never gave out. */
  callerOf(accessKeyId: string): Caller;
}

export function createCallers(database: DatabaseSync): Callers {
  database.exec(`CREATE TABLE IF NOT EXISTS wire_callers (
    access_key_id TEXT PRIMARY KEY, arn TEXT UNIQUE NOT NULL, secret TEXT NOT NULL, token TEXT NOT NULL)`);
  const byArn = database.prepare('SELECT access_key_id, secret, token FROM wire_callers WHERE arn = ?');
  const byKey = database.prepare('SELECT arn FROM wire_callers WHERE access_key_id = ?');
  const insert = database.prepare('INSERT INTO wire_callers VALUES (?, ?, ?, ?)');
  return {
    credentialsOf(arn) {
      const row = byArn.get(arn);
      if (row !== undefined) {
        return credentials(String(row.access_key_id), String(row.secret), String(row.token));
      }
      const session = arn.includes(':assumed-role/');
      const fresh = credentials(
        `${session ? 'ASIA' : 'AKIA'}${randomBytes(8).toString('hex').toUpperCase()}`,
        randomBytes(20).toString('hex'),
        session ? randomBytes(24).toString('base64url') : '',
      );
      insert.run(fresh.accessKeyId, arn, fresh.secretAccessKey, fresh.sessionToken ?? '');
      return fresh;
    },
    callerOf(accessKeyId) {
      const row = byKey.get(accessKeyId);
      if (row === undefined) {
        const hint = "this home's own credentials are in its endpoints.json";
        throw new AwsError(
          'UnrecognizedClientException',
          `The security token included in the request is invalid (${hint}).`,
          403,
        );
      }
      return { accessKeyId, arn: String(row.arn) };
    },
  };
}

function credentials(accessKeyId: string, secretAccessKey: string, sessionToken: string): Credentials {
  return { accessKeyId, secretAccessKey, ...(sessionToken !== '' && { sessionToken }) };
}
