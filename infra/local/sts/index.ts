/** STS: who am I. What it does not do: assuming roles. */
import type { HomeContext, Service } from '../wire/service.ts';

export function createSts(context: HomeContext): Service {
  return {
    name: 'sts',
    operations: {
      GetCallerIdentity: (_input, { arn, accessKeyId }) => ({
        Account: context.account,
        Arn: arn,
        UserId: accessKeyId,
      }),
    },
  };
}
