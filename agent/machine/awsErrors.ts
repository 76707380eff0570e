/** What AWS says where it refuses. */
import { parseXml, textAt } from './xml.ts';

/** An error that AWS answered with; `code` is its name there. */
export class AwsCallError extends Error {
  override readonly name = 'AwsCallError';
  readonly code: string;

  /** @param asked service and action, for whoever reads the message; null where the caller says it */
  constructor(code: string, message: string, asked: string | null = null) {
    super(asked === null ? `${code}: ${message}` : `${asked}: ${code}: ${message}`);
    this.code = code;
  }
}

/**
 * EC2 wraps its errors in `Errors`, S3 answers with the error itself, the other services with `Error` or, Route 53, with
 * messages of a batch.
 */
export function xmlError(asked: string | null, status: number, body: string): AwsCallError {
  try {
    const root = parseXml(body);
    const code = textAt(root, 'Error', 'Code') || textAt(root, 'Errors', 'Error', 'Code') || textAt(root, 'Code');
    const message =
      textAt(root, 'Error', 'Message') ||
      textAt(root, 'Errors', 'Error', 'Message') ||
      textAt(root, 'Messages', 'Message') ||
      textAt(root, 'Message');
    const batch = textAt(root, 'Messages', 'Message') === '' ? `HTTP ${status}` : 'InvalidChangeBatch';
    return new AwsCallError(code || batch, message || body.slice(0, 300), asked);
  } catch {
    return new AwsCallError(`HTTP ${status}`, body.slice(0, 300), asked);
  }
}
