/** Patterns of policies: `*` is any number of characters, `?` exactly one. Pure. */

const memory = new Map<string, RegExp>();

/** Whether the whole text is like the pattern. */
export function isLike(text: string, pattern: string): boolean {
  let expression = memory.get(pattern);
  if (expression === undefined) {
    const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
    expression = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
    memory.set(pattern, expression);
  }
  return expression.test(text);
}

/** Actions are compared without regard to case (AWS: IAM JSON policy elements: Action). */
export function isActionLike(action: string, pattern: string): boolean {
  return isLike(action.toLowerCase(), pattern.toLowerCase());
}

const arnParts = 6;

/** Whether a policy may name it: `*`, or an ARN of six parts. */
export function isResourcePattern(pattern: string): boolean {
  return pattern === '*' || (pattern.startsWith('arn:') && pattern.split(':').length >= arnParts);
}

/**
 * Whether a resource is one that the policy names. A wildcard stays within the part of the ARN that it is in; the last part
 * may hold colons (AWS: IAM JSON policy elements: Resource).
 * @param resource an ARN, or `*` where the action knows no resources: then only `*` names it
 */
export function isResourceLike(resource: string, pattern: string): boolean {
  if (pattern === '*') return true;
  if (resource === '*') return false;
  return isArnLike(resource, pattern);
}

/** Each of an ARN's six parts is compared by itself (AWS: IAM JSON policy elements: Condition operators, ARN). */
export function isArnLike(arn: string, pattern: string): boolean {
  const given = partsOf(arn);
  return partsOf(pattern).every((part, index) => isLike(given[index] ?? '', part));
}

function partsOf(arn: string): readonly string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, arnParts - 1), parts.slice(arnParts - 1).join(':')];
}
