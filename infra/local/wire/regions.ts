/** Which services answer a request: those of the region that it is signed for, or those that all regions share. */
import type { Scope } from './request.ts';
import { type Authorize, AwsError, type RawService, type Service } from './service.ts';

export interface RegionOnWire {
  readonly services: readonly Service[];
  readonly rawServices: readonly RawService[];
  /** Of the services that are decoded; the others see to it themselves. @throws AwsError where the caller may not do it */
  readonly authorize: Authorize;
}

export interface RegionsOnWire {
  /** Global ones: they take a signature for any region, as clients sign for one or another. */
  readonly global: RegionOnWire;
  /** Null where the home has no such region. */
  of(region: string): RegionOnWire | null;
  names(): readonly string[];
}

/** @throws AwsError, with the service's own name for it, where the request is signed for a region that the home does not have */
export function regionFor(regions: RegionsOnWire, scope: Scope): RegionOnWire {
  const { global } = regions;
  if ([...global.services, ...global.rawServices].some(({ name }) => name === scope.service)) return global;
  const region = regions.of(scope.region);
  if (region === null) throw unknownRegion(scope, regions.names());
  return region;
}

/** AWS checks the scope of a signature with the signature, and says it with the same code. */
function unknownRegion({ service, region, target }: Scope, known: readonly string[]): AwsError {
  const has = `this home has ${known.join(', ')}`;
  if (service === 's3') {
    const message = `The authorization header is malformed; the region '${region}' is wrong; ${has}`;
    return new AwsError('AuthorizationHeaderMalformed', message);
  }
  const message = `Credential should be scoped to a valid region, not '${region}' (${has}).`;
  if (service === 'ec2') return new AwsError('AuthFailure', message, 401);
  const isJson = target !== null || service === 'lambda';
  return new AwsError(isJson ? 'InvalidSignatureException' : 'SignatureDoesNotMatch', message, 403);
}
