/** What the stacks of all regions are alike in. */
import { CfnOutput, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Bundles } from './bundles.ts';
import type { Zones } from './regions.ts';
import type { Settings } from './settings.ts';

export interface RegionStackProps extends StackProps {
  readonly settings: Settings;
  readonly bundles: Bundles;
}

export class RegionStack extends Stack {
  private readonly zones: Zones;

  /** @param zones of the stack's region */
  constructor(scope: Construct, id: string, zones: Zones, { settings: _, bundles: __, ...props }: RegionStackProps) {
    super(scope, id, props);
    this.zones = zones;
  }

  protected output(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }

  /** Zones of whatever region it is deployed to, without a look-up at synth. */
  override get availabilityZones(): string[] {
    return [0, 1, 2].slice(0, this.zones).map((index) => Fn.select(index, Fn.getAzs()));
  }
}
