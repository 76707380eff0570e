/** Resource types that are only names here: they get an id and the attributes that templates read, and do nothing. */
import { generatedName, type Provider, type Providers, resourceId } from '../provider.ts';

/** Types with an id such as EC2's, and the attributes that hold that id. */
function identified(prefix: string, ...attributes: readonly string[]): Provider {
  return {
    create({ properties }) {
      const id = resourceId(prefix);
      return {
        physicalId: id,
        attributes: { ...scalars(properties), ...Object.fromEntries(attributes.map((name) => [name, id])) },
      };
    },
    update: ({ properties }, { physicalId, attributes: old }) => ({
      physicalId,
      attributes: { ...old, ...scalars(properties) },
    }),
  };
}

/** Types whose `Ref` nobody uses for anything but an order. */
function attached(): Provider {
  return {
    create: (request) => ({ physicalId: generatedName(request), attributes: {} }),
    update: (_request, existing) => existing,
  };
}

function scalars(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => typeof value !== 'object'));
}

export const names: Providers = {
  'AWS::CDK::Metadata': attached(),
  'AWS::CloudWatch::Dashboard': attached(),
  'AWS::EC2::EIP': identified('eipalloc', 'AllocationId'),
  'AWS::EC2::FlowLog': identified('fl', 'Id'),
  'AWS::EC2::InternetGateway': identified('igw', 'InternetGatewayId'),
  'AWS::EC2::NatGateway': identified('nat', 'NatGatewayId'),
  'AWS::EC2::VPCEndpoint': identified('vpce', 'Id'),
  'AWS::EC2::VPCGatewayAttachment': attached(),
  'AWS::Lambda::EventInvokeConfig': attached(),
  'AWS::Lambda::Permission': attached(),
  'AWS::Logs::ResourcePolicy': attached(),
  'AWS::S3::BucketPolicy': attached(),
  'AWS::SNS::Topic': attached(),
  'AWS::SNS::TopicPolicy': attached(),
};
