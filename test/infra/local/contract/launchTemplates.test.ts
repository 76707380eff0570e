/** The versions of a launch template, as the preflight of a change of regions asks for them: the same calls to this home and to moto. */
import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DescribeLaunchTemplateVersionsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { templatesOf } from '../../../../infra/local/ec2/launchTemplates.ts';
import { errorOf, type Target, targets } from './target.ts';

jest.setTimeout(120_000);

const LaunchTemplateName = 'member';
const data = (...SecurityGroupIds: string[]) => ({
  ImageId: 'ami-12c6146b',
  InstanceType: 't3.small',
  SecurityGroupIds,
});
const versions = [data('sg-1'), data('sg-1', 'sg-2')] as const;

describe.each(targets)('the launch templates of %s', (_, open) => {
  let target: Target;
  let ec2: EC2Client;
  let LaunchTemplateId: string;
  beforeAll(async () => {
    target = await open();
    ec2 = new EC2Client(target.client);
    LaunchTemplateId = await templateIn(target);
  });
  afterAll(() => target.close());

  const described = async (...Versions: string[]) => {
    const asked = new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions });
    const { LaunchTemplateVersions = [] } = await ec2.send(asked);
    return LaunchTemplateVersions.map((one) => [one.VersionNumber, one.LaunchTemplateData?.SecurityGroupIds]);
  };

  test('are described in the versions asked for, by number and as the latest', async () => {
    expect(await described('1')).toEqual([[1, ['sg-1']]]);
    expect(await described('$Latest')).toEqual([[2, ['sg-1', 'sg-2']]]);
    expect(await described('1', '2')).toHaveLength(2);
    const { LaunchTemplateVersions } = await ec2.send(
      new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName }),
    );
    expect(LaunchTemplateVersions?.map((one) => one.LaunchTemplateId)).toEqual([LaunchTemplateId, LaunchTemplateId]);
  });

  test('that are not there are refused by name and by id', async () => {
    const asked = (input: object) => errorOf(ec2.send(new DescribeLaunchTemplateVersionsCommand(input)));
    expect(await asked({ LaunchTemplateName: 'other' })).toBe('InvalidLaunchTemplateName.NotFoundException');
    expect(await asked({ LaunchTemplateId: 'lt-0123456789abcdef0' })).toMatch(/^InvalidLaunchTemplateId\.NotFound/);
  });
});

/** Made in moto by AWS's own calls, in this home as CloudFormation makes it. */
async function templateIn({ home, client }: Target): Promise<string> {
  if (home !== undefined) {
    templatesOf(home.context).put('lt-1', { id: 'lt-1', name: LaunchTemplateName, versions });
    return 'lt-1';
  }
  const ec2 = new EC2Client(client);
  const [first, ...later] = versions;
  const { LaunchTemplate } = await ec2.send(
    new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData: first as never }),
  );
  for (const version of later)
    await ec2.send(
      new CreateLaunchTemplateVersionCommand({ LaunchTemplateName, LaunchTemplateData: version as never }),
    );
  return LaunchTemplate?.LaunchTemplateId ?? '';
}
