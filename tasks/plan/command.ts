/** Names of the commands that a bootstrap sends. Pure. */

/** `execution/state/member/attempt`, the execution by its name. */
export function healthCommandId(executionArn: string, member: string, attempt: number): string {
  return `${executionArn.split(':').at(-1)}/awaitHealthy/${member}/${attempt}`;
}
