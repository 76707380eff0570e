/** Parameters of Systems Manager, by which the stacks of two regions know of each other. */
import { DeleteParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { perRegion } from './regions.ts';

const client = perRegion((region) => new SSMClient({ region }));

export async function putParameter(region: string, Name: string, Value: string): Promise<void> {
  await client(region).send(new PutParameterCommand({ Name, Value, Type: 'String', Overwrite: true }));
}

/** One that is not there is no error. */
export async function deleteParameter(region: string, Name: string): Promise<void> {
  try {
    await client(region).send(new DeleteParameterCommand({ Name }));
  } catch (error) {
    if ((error as Error).name !== 'ParameterNotFound') throw error;
  }
}
