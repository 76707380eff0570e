/** URLs of functions. */
import type { FunctionUrls } from '../../lambda/urls.ts';
import { type Providers, type ResourceRequest, text } from '../provider.ts';

export function functionUrlProviders(urls: FunctionUrls): Providers {
  return {
    'AWS::Lambda::Url': {
      create: (request) => make(request, urls),
      update(request, existing) {
        if (text(request.properties, 'TargetFunctionArn') !== existing.physicalId)
          throw new Error('its function changed, which replaces it on AWS; start over with --fresh');
        return make(request, urls);
      },
      delete: ({ physicalId }) => urls.delete(physicalId),
    },
  };
}

function make({ properties }: ResourceRequest, urls: FunctionUrls) {
  const authType = text(properties, 'AuthType');
  if (authType !== 'AWS_IAM') throw new Error(`its AuthType is ${authType}; this home has AWS_IAM alone`);
  const invokeMode = text(properties, 'InvokeMode') ?? 'BUFFERED';
  if (invokeMode !== 'BUFFERED') throw new Error(`its InvokeMode is ${invokeMode}; this home has BUFFERED alone`);
  const FunctionArn = text(properties, 'TargetFunctionArn') ?? '';
  return { physicalId: FunctionArn, attributes: { FunctionArn, FunctionUrl: urls.create(FunctionArn) } };
}
